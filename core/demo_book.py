"""Two books made here and not by a user: the demo's, and the one a capture is replayed into."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from types import MappingProxyType

from core.books import Account, Book, Hedge, Lot
from core.instruments import instrument_id
from core.symbols import MARKETS, linear_symbol

REPLAY_LOTS: Mapping[str, Decimal] = MappingProxyType({"BTC": Decimal(2), "ETH": Decimal(20)})

LINEAR_MARKETS = MappingProxyType({venue: markets[0] for venue, markets in MARKETS.items()})
"""What each venue calls the market of its linear perpetuals."""


def seed_book(hedge_instrument: str = "bybit:linear:BTCUSDT", spot_instrument: str = "bybit:spot:BTCUSDT") -> Book:
    """5 BTC bought at 60,000 and half of it hedged: short 2.5 BTC at 60,000 on 75,000 USDT of isolated margin (2x).

    The wallet holds 125,000 USDT more, so that the hedge can be taken to the whole bag.
    """
    account = Account(
        name="paper",
        venue=hedge_instrument.split(":")[0],
        settle="USDT",
        wallet_balance=Decimal(200_000),
        leverage=Decimal(2),
    )
    return Book(
        name="bitcoin",
        lots=(Lot(asset="BTC", quantity=Decimal(5), cost=Decimal(60_000), price=spot_instrument),),
        hedges=(
            Hedge(
                asset="BTC",
                instrument=hedge_instrument,
                account=account.name,
                target_ratio=Decimal("0.5"),
                quantity=Decimal("-2.5"),
                entry_price=Decimal(60_000),
                isolated_margin=Decimal(75_000),
            ),
        ),
        accounts=(account,),
    )


def replay_book(
    lots: Mapping[str, Decimal] = REPLAY_LOTS, ratio: Decimal = Decimal("0.5"), venue: str = "bybit"
) -> Book:
    """A bag of these coins, of unknown cost, hedged on the venue's linear contracts at the first mark prices seen.

    The bag is priced at the index prices of its hedges, which every capture of those contracts carries.
    """
    market = LINEAR_MARKETS.get(venue, "linear")
    account = Account(name="paper", venue=venue, settle="USDT", wallet_balance=Decimal(1_000_000), leverage=Decimal(2))
    return Book(
        name="replay",
        lots=tuple(Lot(asset=asset, quantity=quantity) for asset, quantity in lots.items()),
        hedges=tuple(
            Hedge(
                asset=asset,
                instrument=instrument_id(venue, market, linear_symbol(venue, asset)),
                account=account.name,
                target_ratio=ratio,
                open_at_market=True,
            )
            for asset in lots
        ),
        accounts=(account,),
    )

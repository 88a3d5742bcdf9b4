"""Two books made here and not by a user: the demo's, and the one a capture is replayed into."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import ROUND_DOWN, Decimal
from types import MappingProxyType
from typing import Final, NamedTuple

from core.books import Account, Book, Hedge, Lot
from core.exact import exactly
from core.instruments import instrument_id
from core.symbols import MARKETS, linear_symbol

REPLAY_LOTS: Mapping[str, Decimal] = MappingProxyType({"BTC": Decimal(2), "ETH": Decimal(20)})

LINEAR_MARKETS = MappingProxyType({venue: markets[0] for venue, markets in MARKETS.items()})
"""What each venue calls the market of its linear perpetuals."""


class DemoLeg(NamedTuple):
    """A contract to hedge with, the spot pair beside it, how many coins one unit of the contract's quantity is, and the
    maintenance rate to assume where its venue tells no tiers."""

    contract: str
    spot: str
    contract_size: Decimal = Decimal(1)
    maintenance_rate: Decimal | None = None


SEED: Final = DemoLeg("bybit:linear:BTCUSDT", "bybit:spot:BTCUSDT")


@exactly
def seed_book(*legs: DemoLeg) -> Book:
    """5 BTC bought at 60,000 and half of it hedged: short 2.5 BTC at 60,000 on 75,000 USDT of isolated margin (2x).

    The wallets hold 125,000 USDT more, so that the hedge can be taken to the whole bag. Over several legs all of it is
    spread evenly, an account each.
    """
    spread = legs or (SEED,)
    coins, shorts = _shares(Decimal(5), len(spread)), _shares(Decimal("2.5"), len(spread))
    accounts = tuple(
        Account(
            name="paper" if len(spread) == 1 else leg.contract.split(":")[0],
            venue=leg.contract.split(":")[0],
            settle="USDT",
            wallet_balance=_whole(80_000 * short),
            leverage=Decimal(2),
        )
        for leg, short in zip(spread, shorts, strict=True)
    )
    return Book(
        name="bitcoin",
        lots=tuple(
            Lot(asset="BTC", quantity=quantity, cost=Decimal(60_000), price=leg.spot)
            for leg, quantity in zip(spread, coins, strict=True)
        ),
        hedges=tuple(
            Hedge(
                asset="BTC",
                instrument=leg.contract,
                account=account.name,
                target_ratio=short / 5,
                quantity=-short / leg.contract_size,
                entry_price=Decimal(60_000),
                isolated_margin=_whole(30_000 * short),
                maintenance_rate=leg.maintenance_rate,
            )
            for leg, account, short in zip(spread, accounts, shorts, strict=True)
        ),
        accounts=accounts,
    )


def _whole(amount: Decimal) -> Decimal:
    return amount.quantize(Decimal(1))


def _shares(total: Decimal, count: int) -> list[Decimal]:
    """A number of coins in parts as even as thousandths allow."""
    if count == 1:
        return [total]
    each = (total / count).quantize(Decimal("0.001"), ROUND_DOWN)
    return [total - each * (count - 1), *[each] * (count - 1)]


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

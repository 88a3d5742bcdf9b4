"""BingX's signed REST bodies about an account to events: balances, positions, settings and the ledger. Pure.

Source: https://bingx-api.github.io/docs-v3 (Account Endpoints of Swap, Trades Endpoints of Coin-M Futures)
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Final

from core.events import (
    AccountSettings,
    AnyEvent,
    BalanceUpdate,
    FeeCharged,
    FundingPayment,
    Heard,
    PositionUpdate,
)
from core.instruments import instrument_id
from feeds.bingx import facts
from feeds.bingx.envelope import bad, data, objects, rows, top
from feeds.bingx.private import isolated_margin, settings
from feeds.bingx.rows import AccountFields, PositionMode, leg_of, signed
from feeds.bodies import bad_row
from feeds.fields import plausible_symbol
from feeds.venue import RestAnswer

_HOUR_NS: Final = 3_600_000_000_000
_BOOKED_WITHIN_NS: Final = 300_000_000_000
"""A settlement on the hour is booked up to a minute late, perhaps more."""

_FUNDING: Final = "FUNDING_FEE"
_FEES: Final[Mapping[str, str]] = {
    "TRADING_FEE": "trade",
    "INSURANCE_CLEAR": "liquidation",
    "SYSTEM_DEDUCTION": "other",
    "GTD_PRICE": "other",
}
"""The ledger's types that are fees, and of what kind."""

_MARKETS: Final = {
    facts.BALANCE_PATH: facts.LINEAR,
    facts.INVERSE_BALANCE_PATH: facts.INVERSE,
    facts.POSITIONS_PATH: facts.LINEAR,
    facts.INVERSE_POSITIONS_PATH: facts.INVERSE,
    facts.MARGIN_MODE_PATH: facts.LINEAR,
    facts.INVERSE_MARGIN_MODE_PATH: facts.INVERSE,
    facts.LEVERAGE_PATH: facts.LINEAR,
    facts.INVERSE_LEVERAGE_PATH: facts.INVERSE,
    facts.INCOME_PATH: facts.LINEAR,
}


def balances(answer: RestAnswer, _: PositionMode) -> list[AnyEvent]:
    """Wallet balances of contracts; a row of empty texts is an asset that is not held. Raises DecodeError."""
    events: list[AnyEvent] = []
    for row in _rows(answer, "balance"):
        asset, wallet = row.asset("asset"), None if row.blank("balance") else row.amount("balance")
        if asset == "" and wallet:
            row.note("asset", "the name of a coin")
        if row.bad:
            events += row.faults(answer.path, answer.received_ns)
        elif asset and wallet is not None:
            events.append(_balance(answer, asset, wallet))
    return events


def spot_balances(answer: RestAnswer, _: PositionMode) -> list[AnyEvent]:
    """What is held in spot, locked in orders or not. Raises DecodeError."""
    events: list[AnyEvent] = []
    for row in _rows(answer, "balances", "assets", alone=False):
        asset, free, locked = row.asset("asset"), row.amount("free"), row.amount("locked")
        if asset == "":
            row.note("asset", "the name of a coin")
        if not asset or free is None or locked is None:
            events += row.faults(answer.path, answer.received_ns)
        else:
            events.append(_balance(answer, asset, free + locked))
    return events


def _balance(answer: RestAnswer, asset: str, wallet: Decimal) -> BalanceUpdate:
    return BalanceUpdate(received_ns=answer.received_ns, account=answer.account, asset=asset, wallet_balance=wallet)


def positions(answer: RestAnswer, mode: PositionMode) -> list[AnyEvent]:
    """Open positions, as the venue tells them. Raises DecodeError."""
    market = _MARKETS[answer.path]
    events: list[AnyEvent] = []
    for row in _rows(answer):
        symbol, quantity, entry = _symbol(row), row.amount("positionAmt"), row.maybe_price("avgPrice")
        side = row.held_side("positionSide", quantity)
        liquidation, leverage = row.maybe_price("liquidationPrice"), row.maybe_price("leverage")
        margin = _isolated(market, row) if row.flag("isolated") else None
        if symbol is None or quantity is None or row.bad:
            events += row.faults(answer.path, answer.received_ns)
            continue
        events.append(
            PositionUpdate(
                received_ns=answer.received_ns,
                account=answer.account,
                instrument=instrument_id(facts.VENUE, market, symbol),
                quantity=signed(side, quantity),
                entry_price=entry if quantity else None,
                liquidation_price=liquidation if quantity else None,
                isolated_margin=margin if quantity else None,
                leverage=leverage,
                venue_time_ns=row.maybe_time("updateTime"),
                leg=leg_of(side, mode),
            )
        )
    return events


def sides(answer: RestAnswer) -> list[tuple[str, str]]:
    """Symbol and side of each position that is held; empty for a side that is not said. Raises DecodeError."""
    told = []
    for row in _rows(answer):
        if row.amount("positionAmt"):
            side = row.position_side("positionSide") if row.said("positionSide") else ""
            told.append((row.shown("symbol"), side))
    return told


def _isolated(market: str, row: AccountFields) -> Decimal | None:
    """The margin put into an isolated position: ``margin`` counts the unrealised result in; where it is missing, the
    initial margin of USDT-margined contracts does, that of coin-margined ones does not."""
    unrealised = row.maybe_amount("unrealizedProfit")
    if row.said("margin"):
        return isolated_margin(row.maybe_amount("margin"), unrealised)
    initial = row.maybe_amount("initialMargin")
    return initial if market == facts.INVERSE else isolated_margin(initial, unrealised)


# --- settings --------------------------------------------------------------------------------------------------------


def position_mode(answer: RestAnswer, _: PositionMode) -> list[AnyEvent]:
    """Whether the account has two positions in a contract. Raises DecodeError."""
    row = next(_rows(answer), None)
    told = "" if row is None else row.shown("dualSidePosition").lower()
    if told not in ("true", "false"):
        raise bad(answer.path, "dualSidePosition", "expected true or false")
    return [
        AccountSettings(
            received_ns=answer.received_ns,
            account=answer.account,
            position_mode="hedge" if told == "true" else "one-way",
        )
    ]


def margin_mode(answer: RestAnswer, _: PositionMode) -> list[AnyEvent]:
    """The margin mode of a contract. Raises DecodeError."""
    if answer.method != "GET":
        return [_changed(answer)]
    events: list[AnyEvent] = []
    for row in _rows(answer):
        mode = row.margin_mode("marginType")
        if mode is None:
            events += row.faults(answer.path, answer.received_ns)
        else:
            events.append(
                AccountSettings(
                    received_ns=answer.received_ns,
                    account=answer.account,
                    instrument=_instrument(answer, row),
                    margin_mode=mode,
                )
            )
    return events


def leverage(answer: RestAnswer, _: PositionMode) -> list[AnyEvent]:
    """The leverage of each leg of a contract. Raises DecodeError."""
    if answer.method != "GET":
        return [_changed(answer)]
    events: list[AnyEvent] = []
    for row in _rows(answer):
        if "leverage" in row:
            return [_changed(answer)]
        long, short = row.maybe_price("longLeverage"), row.maybe_price("shortLeverage")
        if row.bad:
            events += row.faults(answer.path, answer.received_ns)
        elif long is None and short is None:
            events.append(bad_row(facts.VENUE, answer.path, "longLeverage", "nor shortLeverage", answer.received_ns))
        else:
            events += settings(answer.account, _instrument(answer, row), long, short, None, answer.received_ns)
    return events


def _instrument(answer: RestAnswer, row: AccountFields) -> str:
    """The contract that settings are of: the body does not always tell. Raises DecodeError where nothing does."""
    symbol = row.shown("symbol") or answer.parameters.get("symbol", "")
    if not plausible_symbol(symbol):
        raise bad(answer.path, "symbol", "the body does not tell it, and what was asked is not known")
    return instrument_id(facts.VENUE, _MARKETS[answer.path], symbol)


def _changed(answer: RestAnswer) -> Heard:
    return Heard(received_ns=answer.received_ns, kind="answer", channel=answer.path, detail="changed")


# --- the ledger ------------------------------------------------------------------------------------------------------


def income(answer: RestAnswer, _: PositionMode) -> list[AnyEvent]:
    """Funding and fees of the ledger; what else it tells is in the balances. Raises DecodeError.

    A row without an id of its own is told from others by all that it says, and from one that says the same by its place
    among them: both legs of a contract are paid at the same time.
    """
    events: list[AnyEvent] = []
    alike: Counter[str] = Counter()
    for row in _rows(answer):
        kind, amount, time_ns = row.shown("incomeType"), row.amount("income"), row.nanoseconds("time")
        record, trade = row.identity("tranId"), row.identity("tradeId")
        asset, symbol = row.asset("asset"), row.shown("symbol")
        if not kind:
            row.note("incomeType", "text")
        if asset == "":
            row.note("asset", "the name of a coin")
        if kind == _FUNDING and not plausible_symbol(symbol):
            row.note("symbol", "a symbol")
        if amount is None or time_ns is None or not asset or row.bad:
            events += row.faults(answer.path, answer.received_ns)
            continue
        instrument = instrument_id(facts.VENUE, facts.LINEAR, symbol) if plausible_symbol(symbol) else ""
        name = f"{symbol}:{record}"
        if not record:
            name = f"{symbol}:{time_ns // 1_000_000}:{kind}:{amount.normalize():f}{asset}"
            alike[name] += 1
            name += f":{alike[name]}"
        if kind == _FUNDING:
            events.append(
                FundingPayment(
                    received_ns=answer.received_ns,
                    account=answer.account,
                    payment_id=name,
                    instrument=instrument,
                    amount=amount,
                    asset=asset,
                    settled_ns=settled_ns(time_ns),
                    booked_ns=time_ns,
                )
            )
        elif kind in _FEES:
            events.append(
                FeeCharged(
                    received_ns=answer.received_ns,
                    account=answer.account,
                    record_id=name,
                    amount=-amount,
                    asset=asset,
                    kind=_FEES[kind],
                    charged_ns=time_ns,
                    instrument=instrument,
                    fill_id=f"{symbol}:{trade}" if kind == "TRADING_FEE" and trade else "",
                )
            )
    return events


def settled_ns(booked_ns: int) -> int:
    """When a payment was due that was booked then: on the hour before, if that is near."""
    late = booked_ns % _HOUR_NS
    return booked_ns - late if late <= _BOOKED_WITHIN_NS else booked_ns


# --- what tells the book nothing -------------------------------------------------------------------------------------


def commission(answer: RestAnswer, _: PositionMode) -> list[AnyEvent]:
    """The account's fee rates: understood, and not used (fills tell what was paid). Raises DecodeError."""
    for row in _rows(answer, "commission"):
        taker, maker = row.rate("takerCommissionRate"), row.rate("makerCommissionRate")
        if taker is None or maker is None:
            return list(row.faults(answer.path, answer.received_ns))
        detail = f"taker {taker} maker {maker}"
        return [Heard(received_ns=answer.received_ns, kind="answer", channel=answer.path, detail=detail)]
    raise bad(answer.path, "data", "no fee rates")


def listen_key(answer: RestAnswer, _: PositionMode) -> list[AnyEvent]:
    """That a key was made or renewed; never the key. Raises DecodeError."""
    if answer.body.strip():
        top(answer.body, answer.path)
    detail = {"POST": "made", "PUT": "renewed", "DELETE": "ended"}.get(answer.method, "answered")
    return [Heard(received_ns=answer.received_ns, kind="answer", channel=answer.path, detail=detail)]


def _rows(answer: RestAnswer, *names: str, alone: bool = True) -> Iterator[AccountFields]:
    place = answer.path
    found = rows(data(answer.body, place), place, *names, alone=alone)
    return (AccountFields(content) for content in objects(found, place))


def _symbol(row: AccountFields) -> str | None:
    symbol = row.text("symbol")
    if symbol is not None and not plausible_symbol(symbol):
        row.note("symbol", "a symbol")
    return symbol


Reader = Callable[[RestAnswer, PositionMode], Sequence[AnyEvent]]
READERS: Final[Mapping[str, Reader]] = {
    facts.BALANCE_PATH: balances,
    facts.INVERSE_BALANCE_PATH: balances,
    facts.SPOT_BALANCE_PATH: spot_balances,
    facts.POSITIONS_PATH: positions,
    facts.INVERSE_POSITIONS_PATH: positions,
    facts.POSITION_MODE_PATH: position_mode,
    facts.MARGIN_MODE_PATH: margin_mode,
    facts.INVERSE_MARGIN_MODE_PATH: margin_mode,
    facts.LEVERAGE_PATH: leverage,
    facts.INVERSE_LEVERAGE_PATH: leverage,
    facts.INCOME_PATH: income,
    facts.COMMISSION_PATH: commission,
    facts.INVERSE_COMMISSION_PATH: commission,
    facts.LISTEN_KEY_PATH: listen_key,
}
"""By path."""

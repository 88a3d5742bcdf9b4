"""Bybit's signed REST bodies to events: settings, balances, positions, orders, executions and the ledger. Pure.

Source: https://bybit-exchange.github.io/docs/v5/account and …/v5/position
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, TypeVar

import msgspec
from pydantic import Field

from core.errors import DecodeError
from core.events import AccountSettings, AnyEvent, FaultKind
from feeds.bodies import Body, Whole, bad_row, read_rows, rows_of
from feeds.bybit import facts, ledger
from feeds.bybit.reference import Page, page
from feeds.bybit.refusals import envelope
from feeds.bybit.rows import About, CoinRow, ExecutionRow, LedgerRow, OrderRow, PositionRow
from feeds.candles import open_body
from feeds.venue import RestAnswer

_MARGIN_MODES: Final = {"ISOLATED_MARGIN": "isolated", "REGULAR_MARGIN": "cross"}
_CLASSIC: Final = 1
"""``unifiedMarginStatus`` of an account in which every coin stands for itself."""

_INVERSE_APART: Final = frozenset({_CLASSIC, 3, 4})
"""Of accounts whose inverse contracts have a wallet of their own, beside the one that is read here."""

_Row = TypeVar("_Row", bound=Body)


class _Info(Body):
    margin_mode: str = Field(alias="marginMode", max_length=40)
    unified: Whole = Field(alias="unifiedMarginStatus", default=_CLASSIC + 1)


class _Wallet(msgspec.Struct, frozen=True):
    coins: list[msgspec.Raw] = msgspec.field(name="coin")


class _InfoAnswer(msgspec.Struct, frozen=True):
    result: msgspec.Raw


def about(answer: RestAnswer, category: str = "") -> About:
    """What the objects of a body do not say of themselves; its time is the venue's when it answered."""
    opened = envelope(answer.body)
    market = category or answer.parameters.get("category", "") or answer.market
    return About(
        account=answer.account,
        place=answer.path,
        received_ns=answer.received_ns,
        market=market,
        time_ns=None if opened is None else opened.time_ms * 1_000_000 or None,
    )


def settings(answer: RestAnswer, *, inverse: bool = False) -> list[AnyEvent]:
    """How the whole account is set: margin mode, and whether its coins back one another. Raises DecodeError.

    ``inverse`` is whether inverse contracts are wanted: a fault says so where they are not in this wallet.
    """
    raw = open_body(facts.VENUE, answer.path, answer.body, _InfoAnswer).result
    rows, faults = read_rows(facts.VENUE, answer.path, [("", raw)], _Info, answer.received_ns)
    for row in rows:
        mode = _MARGIN_MODES.get(row.margin_mode)
        if mode is None:
            detail = "expected ISOLATED_MARGIN or REGULAR_MARGIN: portfolio margin is not reckoned here"
            return [bad_row(facts.VENUE, answer.path, "marginMode", detail, answer.received_ns)]
        if inverse and row.unified in _INVERSE_APART:
            detail = f"{row.unified}: inverse contracts of this account have a wallet of their own, which is not read"
            faults.append(bad_row(facts.VENUE, answer.path, "unifiedMarginStatus", detail, answer.received_ns))
        return [
            AccountSettings(
                received_ns=answer.received_ns,
                account=answer.account,
                margin_mode=mode,
                multi_asset=mode == "cross" and row.unified != _CLASSIC,
            ),
            *faults,
        ]
    return faults


def balances(answer: RestAnswer) -> list[AnyEvent]:
    """The wallet of the unified account: every coin that is not zero. Raises DecodeError."""
    coins = [coin for wallet in page(answer.body, answer.path).rows for coin in wallet_coins(wallet, answer.path)]
    return balance_events(coins, about(answer))


def wallet_coins(wallet: msgspec.Raw, place: str) -> list[msgspec.Raw]:
    """The coins of one wallet object. Raises DecodeError."""
    try:
        return msgspec.json.decode(wallet, type=_Wallet).coins
    except msgspec.DecodeError as error:
        raise DecodeError(facts.VENUE, FaultKind.BAD_FIELD, channel=place, field="coin", detail=str(error)) from None


def balance_events(coins: Iterable[msgspec.Raw], told: About) -> list[AnyEvent]:
    """The balances of these coins, and a fault for each that cannot be read."""
    rows, faults = _read(coins, CoinRow, told)
    return [event for row in rows for event in row.events(told)] + faults


def position_rows(raws: Iterable[msgspec.Raw], told: About) -> tuple[list[PositionRow], list[AnyEvent]]:
    """The positions in contracts among these, and faults: one too for each whose sign is not told."""
    rows, faults = _read(raws, PositionRow, told)
    good = [row for row in rows if row.market(told)]
    for row in good:
        if not row.is_signed:
            detail = f"{row.symbol}: expected Buy or Sell, found {row.side!r}"
            faults.append(bad_row(facts.VENUE, told.place, "side", detail, told.received_ns))
    return [row for row in good if row.is_signed], faults


def positions(answer: RestAnswer) -> list[AnyEvent]:
    """The positions of a body, and how each contract is set. Raises DecodeError."""
    found, told = listed(answer)
    rows, faults = position_rows(found.rows, told)
    return [event for row in rows for event in position_events(row, told)] + faults


def position_events(row: PositionRow, told: About) -> list[AnyEvent]:
    """A position, and how its contract is set: the position mode, and the leverage of the leg."""
    update = row.update(told)
    mode = AccountSettings(
        received_ns=told.received_ns,
        account=told.account,
        instrument=update.instrument,
        position_mode="hedge" if row.hedges else "one-way",
        leverage=None if row.hedges else row.leverage,
    )
    if not row.hedges:
        return [update, mode]
    return [update, mode, msgspec.structs.replace(mode, position_mode=None, leverage=row.leverage, leg=update.leg)]


def orders(answer: RestAnswer) -> list[AnyEvent]:
    """The orders of a body. Raises DecodeError."""
    found, told = listed(answer)
    return order_events(found.rows, told)


def order_events(raws: Iterable[msgspec.Raw], told: About) -> list[AnyEvent]:
    """The states of the orders in contracts among these, and faults."""
    rows, faults = _read(raws, OrderRow, told)
    return [row.update(told) for row in rows if row.market(told)] + faults


def executions(answer: RestAnswer) -> list[AnyEvent]:
    """The fills and funding payments of a body. Raises DecodeError."""
    found, told = listed(answer)
    return execution_events(found.rows, told)


def execution_events(raws: Iterable[msgspec.Raw], told: About) -> list[AnyEvent]:
    """The fills and funding payments in contracts among these, and faults."""
    rows, faults = _read(raws, ExecutionRow, told)
    return [event for row in rows if row.market(told) for event in row.events(told)] + faults


def entries(answer: RestAnswer) -> list[AnyEvent]:
    """The funding payments and fees of a body of the transaction log. Raises DecodeError."""
    found, told = listed(answer)
    return ledger_events(found.rows, told)


def ledger_events(raws: Iterable[msgspec.Raw], told: About) -> list[AnyEvent]:
    """The funding payments and fees among these entries, and faults."""
    rows, faults = _read(raws, LedgerRow, told)
    return [event for row in rows for event in ledger.events(row, told)] + faults


def listed(answer: RestAnswer) -> tuple[Page, About]:
    """The rows of a body, and what they do not say of themselves. Raises DecodeError."""
    found = page(answer.body, answer.path)
    return found, about(answer, found.category)


def _read(raws: Iterable[msgspec.Raw], model: type[_Row], told: About) -> tuple[list[_Row], list[AnyEvent]]:
    return read_rows(facts.VENUE, told.place, rows_of(raws, None), model, told.received_ns)

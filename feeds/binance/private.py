"""Binance's private frames to events, pure and without I/O: user data of both futures markets, and of spot.

Streams send no snapshot: what they tell is what changed, in absolute values. A listenKey is the name of its stream and
part of some frames; it is in no event.

Source: https://developers.binance.com/docs/derivatives/usds-margined-futures/user-data-streams,
.../coin-margined-futures/user-data-streams and https://developers.binance.com/docs/binance-spot-api-docs
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

import msgspec

from core.errors import DecodeError
from core.events import AccountSettings, AnyEvent, BalanceUpdate, FaultKind, Heard, PositionUpdate
from core.instruments import instrument_id
from core.legs import Leg
from feeds.binance import facts
from feeds.binance.executions import order_events
from feeds.binance.words import LEGS
from feeds.fields import Fields, plausible_asset, plausible_symbol
from feeds.frames import as_bytes, clip, fault, open_frame

_MARGIN_MODES: Final = {"cross": "cross", "isolated": "isolated"}
_MOST_ROWS: Final = 5_000


class AccountDecoder:
    """Turns the private frames of one socket into events of one account; see :class:`feeds.venue.Decoder`."""

    def __init__(self, market: str, account: str, connection: str = "") -> None:
        self._market, self._account = market, account
        self._connection = connection or f"{market} account"
        self._readers: dict[str, Callable[[Fields, int], list[AnyEvent]]] = {
            "ACCOUNT_UPDATE": self._account_update,
            "ORDER_TRADE_UPDATE": self._order_update,
            "ACCOUNT_CONFIG_UPDATE": self._config_update,
            "MARGIN_CALL": self._margin_call,
            "outboundAccountPosition": self._spot_balances,
        }

    def reset(self) -> None:
        """Nothing is remembered from frame to frame."""

    def decode(self, frame: bytes | str, received_ns: int) -> Sequence[AnyEvent]:
        """The events of one frame; never raises on bad input."""
        try:
            return self._decode(as_bytes(frame), received_ns)
        except DecodeError as error:
            return (fault(error, self._connection, received_ns),)

    def _decode(self, frame: bytes, received_ns: int) -> Sequence[AnyEvent]:
        opened = open_frame(facts.VENUE, frame)
        if isinstance(opened, list):
            raise _refused(FaultKind.UNKNOWN_TOPIC, "", "", "an array")
        fields = Fields(opened)
        for wrapper in ("data", "event"):
            if wrapper in fields and "e" not in fields:
                if fields.is_array(wrapper):
                    raise _refused(FaultKind.UNKNOWN_TOPIC, "", "", "an array")
                inner = fields.object(wrapper)
                if inner is None:
                    raise _refused(FaultKind.BAD_FIELD, "", wrapper, "expected an object")
                return self._event(inner, received_ns)
        return self._event(fields, received_ns) if "e" in fields else (_answer(fields, received_ns),)

    def _event(self, fields: Fields, received_ns: int) -> Sequence[AnyEvent]:
        kind = fields.shown("e")
        if kind in facts.EXPIRIES:
            return (Heard(received_ns=received_ns, kind="expired", channel=facts.USER_DATA, detail=kind),)
        if kind in facts.NOTICES:
            return (Heard(received_ns=received_ns, kind="notice", channel=kind, detail=kind),)
        reader = self._readers.get(kind)
        if reader is not None:
            return reader(fields, received_ns)
        if kind in facts.UNUSED_EVENTS:
            return (Heard(received_ns=received_ns, kind="unused", channel=kind),)
        raise _refused(FaultKind.UNKNOWN_TOPIC, "", "", f"event type {kind!r}")

    # --- balances and positions --------------------------------------------------------------------------------------

    def _account_update(self, fields: Fields, received_ns: int) -> list[AnyEvent]:
        """``ACCOUNT_UPDATE``: what is good of it is told row by row, what is not is a fault."""
        channel, time_ns = "ACCOUNT_UPDATE", fields.nanoseconds("T")
        inner = fields.object("a")
        if time_ns is None or inner is None:
            raise _refused(FaultKind.BAD_FIELD, channel, *fields.bad[0])
        if "B" not in inner and "P" not in inner:
            raise _refused(FaultKind.BAD_FIELD, channel, "B", "expected an array of balances or P, of positions")
        changed_mode = inner.shown("m") == "MARGIN_TYPE_CHANGE"

        def balance(row: Fields) -> list[AnyEvent]:
            return self._balance(row, time_ns, received_ns)

        def position(row: Fields) -> list[AnyEvent]:
            return self._position(row, time_ns, received_ns, tells_mode=changed_mode)

        events = self._rows(inner, "B", channel, balance, received_ns)
        events += self._rows(inner, "P", channel, position, received_ns)
        return events or [Heard(received_ns=received_ns, kind="unused", channel=channel)]

    def _balance(self, row: Fields, time_ns: int, received_ns: int) -> list[AnyEvent]:
        asset, wallet = _asset(row), row.amount("wb")
        if asset is None or wallet is None:
            return []
        return [
            BalanceUpdate(
                received_ns=received_ns,
                account=self._account,
                asset=asset,
                wallet_balance=wallet,
                venue_time_ns=time_ns,
            )
        ]

    def _position(self, row: Fields, time_ns: int, received_ns: int, *, tells_mode: bool) -> list[AnyEvent]:
        instrument, leg, quantity = self._instrument(row), _leg(row), row.amount("pa")
        entry = row.price("ep") if quantity else None
        mode = _MARGIN_MODES.get(row.shown("mt"))
        if mode is None:
            row.note("mt", "cross or isolated")
        margin = row.amount("iw") if mode == "isolated" and quantity else None
        if instrument is None or leg is None or quantity is None or row.bad:
            return []
        told = PositionUpdate(
            received_ns=received_ns,
            account=self._account,
            instrument=instrument,
            quantity=quantity,
            entry_price=entry,
            isolated_margin=margin,
            venue_time_ns=time_ns,
            leg=leg,
        )
        events: list[AnyEvent] = [told]
        if tells_mode:
            events.append(
                AccountSettings(
                    received_ns=received_ns, account=self._account, instrument=instrument, margin_mode=mode, leg=leg
                )
            )
        return events

    def _spot_balances(self, fields: Fields, received_ns: int) -> list[AnyEvent]:
        """``outboundAccountPosition``: absolute, what orders lock included."""
        time_ns = fields.nanoseconds("u")
        if "B" not in fields:
            fields.note("B", "an array")
        if time_ns is None or fields.bad:
            raise _refused(FaultKind.BAD_FIELD, "outboundAccountPosition", *fields.bad[0])

        def balance(row: Fields) -> list[AnyEvent]:
            asset, free, locked = _asset(row), row.size("f"), row.size("l")
            if asset is None or free is None or locked is None:
                return []
            return [
                BalanceUpdate(
                    received_ns=received_ns,
                    account=self._account,
                    asset=asset,
                    wallet_balance=free + locked,
                    venue_time_ns=time_ns,
                )
            ]

        channel = "outboundAccountPosition"
        unused = Heard(received_ns=received_ns, kind="unused", channel=channel)
        return self._rows(fields, "B", channel, balance, received_ns) or [unused]

    # --- orders and settings -----------------------------------------------------------------------------------------

    def _order_update(self, fields: Fields, received_ns: int) -> list[AnyEvent]:
        order = fields.object("o")
        if order is None:
            raise _refused(FaultKind.BAD_FIELD, "ORDER_TRADE_UPDATE", *fields.bad[0])
        instrument, leg = self._instrument(order), _leg(order)
        events = order_events(order, self._account, instrument, leg, received_ns)
        return [*self._faults("ORDER_TRADE_UPDATE", order, received_ns), *events]

    def _config_update(self, fields: Fields, received_ns: int) -> list[AnyEvent]:
        """``ACCOUNT_CONFIG_UPDATE``: a contract's leverage, or the multi-assets mode."""
        channel = "ACCOUNT_CONFIG_UPDATE"
        if "ac" in fields and (row := fields.object("ac")) is not None:
            instrument, leverage = self._instrument(row), row.price("l")
            if instrument is None or leverage is None:
                return self._faults(channel, row, received_ns)
            return [
                AccountSettings(
                    received_ns=received_ns, account=self._account, instrument=instrument, leverage=leverage
                )
            ]
        row = fields.object("ai") if "ai" in fields else None
        if row is None:
            raise _refused(FaultKind.BAD_FIELD, channel, *(fields.bad or [("ac", "expected an object")])[0])
        if row.shown("j") not in ("true", "false"):
            row.note("j", "true or false")
            return self._faults(channel, row, received_ns)
        multi = row.shown("j") == "true"
        return [AccountSettings(received_ns=received_ns, account=self._account, multi_asset=multi)]

    def _margin_call(self, fields: Fields, received_ns: int) -> list[AnyEvent]:
        """``MARGIN_CALL``: a hint that may come late or never; it is told as a warning and changes no figure."""
        named: list[str] = []

        def position(row: Fields) -> list[AnyEvent]:
            instrument, leg = self._instrument(row), _leg(row)
            if instrument is not None and leg is not None:
                named.append(f"{instrument.rpartition(':')[2]} {leg.value}")
            return []

        faults = self._rows(fields, "p", "MARGIN_CALL", position, received_ns)
        detail = clip(", ".join(named), 200)
        return [Heard(received_ns=received_ns, kind="warning", channel="MARGIN_CALL", detail=detail), *faults]

    # --- pieces ------------------------------------------------------------------------------------------------------

    def _rows(
        self,
        fields: Fields,
        name: str,
        channel: str,
        read: Callable[[Fields], list[AnyEvent]],
        received_ns: int,
    ) -> list[AnyEvent]:
        """What the rows of an array say; a fault for each bad field, and for an array that is none."""
        if name not in fields:
            return []
        rows = fields.array(name)
        if rows is None or len(rows) > _MOST_ROWS:
            detail = fields.bad[0][1] if fields.bad else f"an array of {len(rows or ())}"
            raise _refused(FaultKind.BAD_FIELD, channel, name, detail)
        events: list[AnyEvent] = []
        for number, raw in enumerate(rows):
            try:
                row = Fields(msgspec.json.decode(raw, type=dict[str, msgspec.Raw]))
            except msgspec.DecodeError:
                error = _refused(FaultKind.BAD_FIELD, channel, f"{name}.{number}", "expected an object")
                events.append(fault(error, self._connection, received_ns))
                continue
            events += read(row)
            events += self._faults(channel, row, received_ns)
        return events

    def _faults(self, channel: str, fields: Fields, received_ns: int) -> list[AnyEvent]:
        return [
            fault(_refused(FaultKind.BAD_FIELD, channel, name, detail), self._connection, received_ns)
            for name, detail in fields.bad
        ]

    def _instrument(self, row: Fields) -> str | None:
        symbol = row.text("s")
        if symbol is None:
            return None
        if not plausible_symbol(symbol):
            row.note("s", "a symbol")
            return None
        return instrument_id(facts.VENUE, self._market, symbol)


def _asset(row: Fields) -> str | None:
    asset = row.text("a")
    if asset is not None and not plausible_asset(asset):
        row.note("a", "the name of a coin")
        return None
    return asset


def _leg(row: Fields) -> Leg | None:
    leg = LEGS.get(row.shown("ps"))
    if leg is None:
        row.note("ps", "BOTH, LONG or SHORT")
    return leg


def _refused(kind: FaultKind, channel: str, field: str, detail: str) -> DecodeError:
    return DecodeError(facts.VENUE, kind, channel=channel, field=field, detail=detail)


def _answer(fields: Fields, received_ns: int) -> Heard:
    """Acks and refusals; those of the login of a spot session are told as such."""
    request = fields.shown("id")
    error = fields.object("error") if "error" in fields else None
    if error is None and "code" in fields and "msg" in fields:
        error = fields
    channel = facts.LOGIN if request == facts.LOGIN else ""
    if error is not None:
        detail = error.shown("code") if channel else f"{error.shown('code')}: {error.shown('msg')}"
        return Heard(received_ns=received_ns, kind="refusal", channel=channel, request=request, detail=detail)
    if "result" in fields:
        kind = "login" if channel else "ack"
        return Heard(received_ns=received_ns, kind=kind, channel=channel, request=request)
    raise _refused(FaultKind.UNKNOWN_TOPIC, "", "", "neither an event nor an answer")

"""MEXC's private contract frames to events, pure: they come by themselves after a login on the contract socket.

Source: https://www.mexc.com/api-docs/futures/websocket-api
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec

from core.errors import DecodeError
from core.events import AccountSettings, AnyEvent, BalanceUpdate, FaultKind, Heard
from core.legs import Leg
from feeds.fields import Fields
from feeds.frames import as_bytes, clip, fault, open_frame
from feeds.mexc import facts, rows
from feeds.mexc.control import LOGIN, control
from feeds.mexc.parse import stamp
from feeds.mexc.rows import Whose
from feeds.mexc.state import refusal

_PUSH: Final = "push."
_MODES: Final = {"1": "hedge", "2": "one-way"}


class Mode(msgspec.Struct):
    """How positions of one contract are held, as far as it is known: shared by all that reads one account.

    ``hedge`` is ``None`` until it was read; positions are then told by leg, as the venue's own default is.
    """

    hedge: bool | None = None


class PrivateDecoder:
    """Turns the frames of one account's socket into events; see :class:`feeds.venue.Decoder`."""

    def __init__(self, account: str, connection: str = "private", mode: Mode | None = None) -> None:
        self._account, self._connection = account, connection
        self._mode = mode or Mode()
        self._logged_in = False
        self._positions: dict[str, str] = {}
        """The number of the position held in each contract of an account in one-way mode."""

    def reset(self) -> None:
        """Forget who is logged in, and which positions are held."""
        self._logged_in = False
        self._positions.clear()

    def decode(self, frame: bytes | str, received_ns: int) -> Sequence[AnyEvent]:
        """The events of one frame; never raises on bad input."""
        try:
            return self._careful(as_bytes(frame), received_ns)
        except DecodeError as error:
            return (fault(error, self._connection, received_ns),)

    def _careful(self, frame: bytes, received_ns: int) -> Sequence[AnyEvent]:
        opened = open_frame(facts.VENUE, frame)
        if isinstance(opened, list):
            raise refusal(FaultKind.UNKNOWN_TOPIC, "", "", "an array")
        fields = Fields(opened)
        if "channel" not in fields:
            raise refusal(FaultKind.UNKNOWN_TOPIC, "", "", "no channel")
        channel = fields.text("channel")
        if channel is None:
            raise refusal(FaultKind.BAD_FIELD, "", *fields.bad[0])
        topic = channel.removeprefix(_PUSH)
        if topic == channel:
            return (self._control(channel, fields, received_ns),)
        ts, data = stamp(fields, received_ns), fields.object("data")
        if topic in facts.UNUSED_TOPICS and topic != "personal.liquidate.risk":
            return (Heard(received_ns=received_ns, kind="unused", channel=clip(topic)),)
        if fields.bad or data is None or ts is None:
            raise refusal(FaultKind.BAD_FIELD, clip(topic), *fields.bad[0])
        event = self._event(topic, data, (self._account, received_ns), ts * 1_000_000)
        if event is None:
            raise refusal(FaultKind.BAD_FIELD, topic, *data.bad[0])
        return (event,)

    def _control(self, channel: str, fields: Fields, received_ns: int) -> Heard:
        """An answer. An error before the login is the login's."""
        heard = control(channel, fields, received_ns)
        if heard.kind == LOGIN:
            self._logged_in = True
        if heard.kind == "refusal" and not heard.channel and not self._logged_in:
            return msgspec.structs.replace(heard, channel=LOGIN)
        return heard

    def _event(self, topic: str, data: Fields, whose: Whose, time_ns: int) -> AnyEvent | None:
        """What a push says; ``None`` where a field is noted as bad. Raises DecodeError for an unknown topic."""
        match topic:
            case "personal.position":
                return self._position(data, whose, time_ns)
            case "personal.order":
                return rows.order(whose, data, self._mode.hedge)
            case "personal.order.deal":
                return rows.fill(whose, data, self._mode.hedge)
            case "personal.asset":
                return _balance(data, whose, time_ns)
            case "personal.position.mode":
                return self._position_mode(data, whose)
            case "personal.liquidate.risk":
                return _warning(topic, data, whose)
        raise refusal(FaultKind.UNKNOWN_TOPIC, clip(topic))

    def _position(self, data: Fields, whose: Whose, time_ns: int) -> AnyEvent | None:
        """A position. Where a one-way position turned round, the end of the old one may be told after the new one."""
        event = rows.position(whose, data, self._mode.hedge, time_ns)
        if event is None or event.leg is not Leg.NET:
            return event
        number, held = data.shown("positionId"), self._positions.get(event.instrument)
        if not event.quantity and held is not None and number != held:
            return Heard(received_ns=whose[1], kind="unused", channel="personal.position", detail="of one gone before")
        if len(self._positions) < facts.MAX_SYMBOLS:
            self._positions[event.instrument] = number
        return event

    def _position_mode(self, data: Fields, whose: Whose) -> AccountSettings | None:
        mode = _MODES.get(data.shown("positionMode"))
        if mode is None:
            data.note("positionMode", "1 or 2")
            return None
        self._mode.hedge = mode == "hedge"
        return AccountSettings(received_ns=whose[1], account=whose[0], position_mode=mode)


def _balance(data: Fields, whose: Whose, time_ns: int) -> AnyEvent | None:
    """The wallet, while no position is held: what is available then leaves nothing out but what orders hold.

    With one, what the venue calls available may be less an unrealised loss: the sum is no wallet balance, and REST
    has to tell it.
    """
    currency = data.text("currency")
    free, frozen, margin = (data.amount(name) for name in ("availableBalance", "frozenBalance", "positionMargin"))
    if currency == "":
        data.note("currency", "a currency")
    if data.bad or currency is None or free is None or frozen is None or margin is None:
        return None
    if margin:
        detail = f"{clip(currency, 20)}: parts of a balance"
        return Heard(received_ns=whose[1], kind="unused", channel="personal.asset", detail=detail)
    return BalanceUpdate(
        received_ns=whose[1],
        account=whose[0],
        asset=clip(currency, 20),
        wallet_balance=free + frozen,
        venue_time_ns=time_ns,
    )


def _warning(topic: str, data: Fields, whose: Whose) -> Heard | None:
    """The venue's word that a position is close to its liquidation."""
    instrument, price = rows.contract_id(data), data.price("liquidatePrice")
    if data.bad or price is None:
        return None
    detail = f"{instrument} is to be liquidated at {price:f}"
    return Heard(received_ns=whose[1], kind="warning", channel=topic, detail=detail)

"""MEXC's spot stream to events: Protocol Buffers for data, JSON for everything else. Pure.

Source: https://github.com/mexcdevelop/websocket-proto (numbers of the fields)
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

import msgspec

from core.errors import DecodeError
from core.events import AnyEvent, BalanceUpdate, DayStatistics, FaultKind, Heard, Ticker
from core.instruments import instrument_id
from feeds.fields import Fields, ahead_of_clock, plausible_symbol
from feeds.frames import MAX_FRAME_BYTES, as_bytes, clip, fault, open_frame, with_faults
from feeds.mexc import facts
from feeds.mexc.control import spot_control
from feeds.mexc.protobuf import BadMessage, read, signed
from feeds.mexc.state import refusal

_CHANNEL, _SYMBOL, _CREATED, _SENT = 1, 3, 5, 6
_ACCOUNT, _MINI_TICKER, _BOOK = 307, 309, 315
_BODIES: Final = range(301, 400)
"""Numbers of the fields of a push: its frame, and the one body that it has."""

_BOOK_FIELDS: Final = {1: "bidPrice", 2: "bidQuantity", 3: "askPrice", 4: "askQuantity"}
_TICKER_FIELDS: Final = {2: "price", 5: "high", 6: "low", 7: "volume", 8: "quantity"}
_ACCOUNT_FIELDS: Final = {1: "vcoinName", 3: "balanceAmount", 5: "frozenAmount", 8: "time"}


class SpotDecoder:
    """Turns the frames of one spot socket into events; see :class:`feeds.venue.Decoder`.

    With an ``account``, its balances too; they are told under ``account`` as it is given. Public pushes name their
    channel, and a stamp that runs backwards on one is a fault.
    """

    def __init__(self, connection: str = facts.SPOT, account: str = "") -> None:
        self._connection, self._account = connection, account
        self._stamps: dict[str, int] = {}

    def reset(self) -> None:
        """Forget the order of frames."""
        self._stamps.clear()

    def decode(self, frame: bytes | str, received_ns: int) -> Sequence[AnyEvent]:
        """The events of one frame; never raises on bad input."""
        frame = as_bytes(frame)
        if frame == b"Invalid listen key":
            return (Heard(received_ns=received_ns, kind="expired", detail="the listen key is no longer valid"),)
        try:
            if frame[:1] == b"{":
                return (spot_control(Fields(_opened(frame)), received_ns),)
            return self._push(frame, received_ns)
        except DecodeError as error:
            return (fault(error, self._connection, received_ns),)

    def _push(self, frame: bytes, received_ns: int) -> Sequence[AnyEvent]:
        if len(frame) > MAX_FRAME_BYTES:
            raise refusal(FaultKind.OVERSIZE, "", "", f"more than {MAX_FRAME_BYTES} bytes")
        push = _message(frame, "")
        channel = _text(push.get(_CHANNEL))
        if not channel.startswith("spot@"):
            raise refusal(FaultKind.NOT_JSON, "", "channel", "neither JSON nor a push of the spot stream")
        body = next((number for number in push if number in _BODIES), None)
        readers: dict[int, Callable[[str, dict[int, int | bytes], int], Sequence[AnyEvent]]] = {
            _BOOK: self._book,
            _MINI_TICKER: self._ticker,
        }
        if self._account:
            readers = {_ACCOUNT: self._balance}
        read_body = readers.get(body or 0)
        if read_body is None:
            return (Heard(received_ns=received_ns, kind="unused", channel=clip(channel)),)
        return read_body(channel, push, received_ns)

    def _book(self, channel: str, push: dict[int, int | bytes], received_ns: int) -> Sequence[AnyEvent]:
        fields = _fields(push[_BOOK], _BOOK_FIELDS, channel)
        base = self._base(channel, push, received_ns)
        ticker = msgspec.structs.replace(
            base,
            bid_price=fields.price("bidPrice"),
            bid_size=fields.size("bidQuantity"),
            ask_price=fields.price("askPrice"),
            ask_size=fields.size("askQuantity"),
        )
        return with_faults(ticker, facts.VENUE, fields.bad, self._connection)

    def _ticker(self, channel: str, push: dict[int, int | bytes], received_ns: int) -> Sequence[AnyEvent]:
        fields = _fields(push[_MINI_TICKER], _TICKER_FIELDS, channel)
        base = self._base(channel, push, received_ns)
        last = fields.price("price")
        day = {
            name: read_field(fields, theirs)
            for name, theirs, read_field in (
                ("high_price", "high", Fields.price),
                ("low_price", "low", Fields.price),
                ("turnover", "volume", Fields.size),
                ("volume", "quantity", Fields.size),
            )
            if theirs in fields
        }
        ticker = msgspec.structs.replace(base, last_price=last)
        told: list[AnyEvent] = [*with_faults(ticker, facts.VENUE, fields.bad, self._connection)]
        if any(value is not None for value in day.values()):
            told.append(
                DayStatistics(
                    received_ns=received_ns,
                    instrument=base.instrument,
                    channel=base.channel,
                    venue_time_ns=base.venue_time_ns,
                    last_price=last,
                    **day,
                )
            )
        return told

    def _balance(self, channel: str, push: dict[int, int | bytes], received_ns: int) -> Sequence[AnyEvent]:
        """What is free and what orders hold, which together is the wallet."""
        fields = _fields(push[_ACCOUNT], _ACCOUNT_FIELDS, channel)
        asset, free, held = fields.text("vcoinName"), fields.size("balanceAmount"), fields.size("frozenAmount")
        time_ms = fields.milliseconds("time") if "time" in fields else None
        if fields.bad or not asset or free is None or held is None:
            raise refusal(FaultKind.BAD_FIELD, channel, *(fields.bad or [("vcoinName", "expected a coin")])[0])
        return (
            BalanceUpdate(
                received_ns=received_ns,
                account=self._account,
                asset=clip(asset, 20),
                wallet_balance=free + held,
                venue_time_ns=None if time_ms is None else time_ms * 1_000_000,
            ),
        )

    def _base(self, channel: str, push: dict[int, int | bytes], received_ns: int) -> Ticker:
        """A ticker that says nothing yet. Raises DecodeError for a push without a pair or a time, or an older one."""
        symbol = _text(push.get(_SYMBOL))
        if not plausible_symbol(symbol) or f"@{symbol}" not in channel:
            raise refusal(FaultKind.BAD_FIELD, clip(channel), "symbol", f"expected the channel's, found {clip(symbol)}")
        sent = push.get(_SENT, push.get(_CREATED))
        ts = signed(sent) if isinstance(sent, int) else 0
        checked = Fields({"sendTime": msgspec.Raw(str(ts).encode())})
        if checked.milliseconds("sendTime") is None or ahead_of_clock(ts, received_ns):
            raise refusal(
                FaultKind.BAD_FIELD, channel, "sendTime", f"expected a time not after the clock's, found {ts}"
            )
        held = self._stamps.get(channel, 0)
        if ts < held:
            raise refusal(FaultKind.OUT_OF_ORDER, channel, "sendTime", f"{ts} after {held}")
        if channel not in self._stamps and len(self._stamps) >= facts.MAX_SYMBOLS:
            raise refusal(FaultKind.UNKNOWN_TOPIC, clip(channel), "", "more channels than a socket takes")
        self._stamps[channel] = ts
        return Ticker(
            received_ns=received_ns,
            instrument=instrument_id(facts.VENUE, facts.SPOT, symbol),
            channel=channel,
            venue_time_ns=ts * 1_000_000,
        )


def _opened(frame: bytes) -> dict[str, msgspec.Raw]:
    opened = open_frame(facts.VENUE, frame)
    assert isinstance(opened, dict)
    return opened


def _message(content: bytes, channel: str) -> dict[int, int | bytes]:
    try:
        return read(content)
    except BadMessage as error:
        raise refusal(
            FaultKind.TRUNCATED if "breaks off" in str(error) else FaultKind.NOT_JSON, channel, "", str(error)
        ) from None


def _text(value: int | bytes | None) -> str:
    """A text field; empty for one that is missing, no text or not UTF-8."""
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else ""


def _fields(content: int | bytes, names: dict[int, str], channel: str) -> Fields:
    """A body's fields under their names, as JSON, so that they are read as every other venue's are."""
    body = _message(content, channel) if isinstance(content, bytes) else {}
    raw = {
        name: msgspec.Raw(msgspec.json.encode(signed(value) if isinstance(value, int) else _text(value)))
        for number, name in names.items()
        if (value := body.get(number)) is not None
    }
    return Fields(raw)

"""BingX's private frames to events, pure: balances, positions, orders, fills, leverage and margin mode.

Source: https://bingx-api.github.io/docs-v3 (Account Websocket of each market). Only what changed is told, and nothing
at the start: the account is read over REST first. Sockets of contracts speak unasked, spot's are subscribed to.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from decimal import Decimal
from typing import Final

import msgspec

from core.errors import DecodeError
from core.events import (
    AccountSettings,
    AnyEvent,
    BalanceUpdate,
    FaultKind,
    Fill,
    FillOrigin,
    Heard,
    OrderUpdate,
    PositionUpdate,
)
from core.instruments import instrument_id
from core.legs import Leg
from feeds.bingx import facts
from feeds.bingx.parse import answered, control
from feeds.bingx.rows import AccountFields, PositionMode, leg_of, order_state, settle_of, signed
from feeds.bingx.state import refusal
from feeds.bingx.unzip import opened
from feeds.fields import plausible_symbol
from feeds.frames import as_bytes, clip, fault, open_frame

_MOST_ROWS: Final = 5_000
_OBJECT = msgspec.json.Decoder(dict[str, msgspec.Raw])
_ORDER_EVENTS: Final = frozenset({"ORDER_TRADE_UPDATE", "TRADE_UPDATE"})


class Decoder:
    """Turns the frames of one private socket into events; see :class:`feeds.venue.Decoder`.

    ``mode`` is the account's position mode; ``not_assets`` are assets of which another wallet than this market's tells.
    """

    def __init__(
        self,
        market: str,
        account: str,
        connection: str = "",
        *,
        mode: PositionMode | None = None,
        not_assets: Collection[str] = (),
    ) -> None:
        self._market, self._account = market, account
        self._connection = connection or f"{market}-account"
        self._mode = mode or PositionMode()
        self._not_assets = not_assets
        self._settings: dict[str, bytes] = {}
        self._sides: dict[str, str] = {}
        self._readers: dict[str, Callable[[AccountFields, int], Sequence[AnyEvent]]] = {
            "ACCOUNT_UPDATE": self._account_update,
            "ACCOUNT_CONFIG_UPDATE": self._config,
            **dict.fromkeys(_ORDER_EVENTS, self._order),
        }

    def reset(self) -> None:
        """Forget what settings and sides were told."""
        self._settings.clear()
        self._sides.clear()

    def decode(self, frame: bytes | str, received_ns: int) -> Sequence[AnyEvent]:
        """The events of one frame; never raises on bad input."""
        try:
            return self._read(opened(as_bytes(frame)), received_ns)
        except DecodeError as error:
            return (fault(error, self._connection, received_ns),)

    def _read(self, text: bytes, received_ns: int) -> Sequence[AnyEvent]:
        heard = control(text, received_ns)
        if heard is not None:
            return (heard,)
        content = open_frame(facts.VENUE, text)
        if isinstance(content, list):
            raise refusal(FaultKind.UNKNOWN_TOPIC, "", "", "an array")
        fields = AccountFields(content)
        if "e" not in fields:
            answer = answered(fields, received_ns)
            if answer is not None:
                return (answer,)
            data = fields.object("data") if "data" in fields else None
            if data is None or "e" not in data:
                return (self._other(fields, received_ns),)
            fields = data
        event = fields.shown("e")
        if event == "listenKeyExpired":
            return (Heard(received_ns=received_ns, kind="expired", detail="the listen key has expired"),)
        reader = self._readers.get(event)
        if reader is not None and not (self._market == facts.SPOT and event != facts.SPOT_BALANCES):
            return reader(fields, received_ns)
        if event in facts.PRIVATE_EVENTS or "dataType" in content:
            return (Heard(received_ns=received_ns, kind="unused", channel=clip(event)),)
        raise refusal(FaultKind.UNKNOWN_TOPIC, event, "", "no event of an account")

    def _other(self, fields: AccountFields, received_ns: int) -> Heard:
        topic = fields.shown("dataType")
        if not topic:
            raise refusal(FaultKind.UNKNOWN_TOPIC, "", "", "neither an event nor an answer")
        return Heard(received_ns=received_ns, kind="unused", channel=topic)

    # --- balances and positions ----------------------------------------------------------------------------------

    def _account_update(self, fields: AccountFields, received_ns: int) -> Sequence[AnyEvent]:
        place = "ACCOUNT_UPDATE"
        time_ns = fields.nanoseconds("E")
        told = fields.object("a")
        if told is None or time_ns is None:
            raise refusal(FaultKind.BAD_FIELD, place, *fields.bad[0])
        if "B" not in told and "P" not in told:
            raise refusal(FaultKind.BAD_FIELD, place, "B", "expected balances, or positions under P")
        events: list[AnyEvent] = []
        for row in self._rows(told, "B", place):
            events += self._balance(row, time_ns, received_ns)
        for row in self._rows(told, "P", place):
            events += self._position(row, time_ns, received_ns)
        return events or (Heard(received_ns=received_ns, kind="unused", channel=place),)

    def _balance(self, row: AccountFields, time_ns: int, received_ns: int) -> Sequence[AnyEvent]:
        asset, wallet = row.asset("a"), row.amount("wb")
        if self._market == facts.SPOT:
            locked = row.amount("lk") if "lk" in row else Decimal(0)
            wallet = None if wallet is None or locked is None else wallet + locked
        if asset is None or wallet is None or row.bad:
            return row.faults("ACCOUNT_UPDATE", received_ns, self._connection)
        if not asset:
            row.note("a", "the name of a coin")
            return row.faults("ACCOUNT_UPDATE", received_ns, self._connection)
        if asset in self._not_assets:
            return ()
        return (
            BalanceUpdate(
                received_ns=received_ns,
                account=self._account,
                asset=asset,
                wallet_balance=wallet,
                venue_time_ns=time_ns,
            ),
        )

    def _position(self, row: AccountFields, time_ns: int, received_ns: int) -> Sequence[AnyEvent]:
        symbol, quantity = row.text("s"), row.amount("pa")
        side = row.held_side("ps", quantity)
        margin = None
        if row.said("mt") and row.margin_mode("mt") == "isolated":
            margin = isolated_margin(row.maybe_amount("iw"), row.maybe_amount("up"))
        entry = row.maybe_price("ep")
        _check_symbol(row, "s", symbol)
        if symbol is None or quantity is None or row.bad:
            return row.faults("ACCOUNT_UPDATE", received_ns, self._connection)
        if not self._counts(symbol, side, held=bool(quantity)):
            return ()
        event = PositionUpdate(
            received_ns=received_ns,
            account=self._account,
            instrument=instrument_id(facts.VENUE, self._market, symbol),
            quantity=signed(side, quantity),
            entry_price=entry if quantity else None,
            isolated_margin=margin if quantity else None,
            venue_time_ns=time_ns,
            leg=leg_of(side, self._mode),
        )
        self._mode.holds(event)
        return (event,)

    def _counts(self, symbol: str, side: str, *, held: bool) -> bool:
        """Whether a row is about what the account holds: in one-way mode the end of a long that became a short may be
        told after the short began, and is not about it."""
        if self._mode.hedge is not False:
            return True
        if not held and self._sides.get(symbol, side) != side:
            return False
        if symbol in self._sides or len(self._sides) < facts.MAX_SYMBOLS:
            self._sides[symbol] = side
        return True

    def _rows(self, fields: AccountFields, name: str, place: str) -> list[AccountFields]:
        """The rows of a list that may be missing. Raises DecodeError where it is none."""
        if name not in fields or fields.shown(name) == "":
            return []
        found = fields.array(name)
        if found is None or len(found) > _MOST_ROWS:
            fields.note(name, "a list of rows")
            raise refusal(FaultKind.BAD_FIELD, place, *fields.bad[0])
        try:
            return [AccountFields(_OBJECT.decode(row)) for row in found]
        except (msgspec.DecodeError, RecursionError):
            raise refusal(FaultKind.BAD_FIELD, place, name, "a row is no object") from None

    # --- orders and fills ----------------------------------------------------------------------------------------

    def _order(self, fields: AccountFields, received_ns: int) -> Sequence[AnyEvent]:
        place = "ORDER_TRADE_UPDATE"
        time_ns = fields.nanoseconds("E")
        told = fields.object("o")
        if told is None or time_ns is None:
            raise refusal(FaultKind.BAD_FIELD, place, *fields.bad[0])
        return self._order_row(told, time_ns, received_ns)

    def _order_row(self, row: AccountFields, time_ns: int, received_ns: int) -> Sequence[AnyEvent]:
        place = "ORDER_TRADE_UPDATE"
        symbol, side = row.text("s"), row.side("S")
        quantity, filled = row.size("q"), row.size("z")
        position_side = row.position_side("ps")
        client, order = row.identity("c"), row.identity("i")
        moment = row.maybe_time("T") or time_ns
        average, limit = row.maybe_price("ap"), row.maybe_price("p")
        _check_symbol(row, "s", symbol)
        if symbol is None or side is None or quantity is None or filled is None or row.bad:
            return row.faults(place, received_ns, self._connection)
        status, happened = row.shown("X"), row.shown("x").upper()
        update = OrderUpdate(
            received_ns=received_ns,
            account=self._account,
            client_order_id=client,
            instrument=instrument_id(facts.VENUE, self._market, symbol),
            side=side,
            quantity=quantity,
            state=order_state(status, happened, quantity, filled),
            filled_quantity=filled,
            average_price=average,
            limit_price=limit if row.shown("o").upper() not in ("MARKET", "") else None,
            reduce_only=row.flag("ro"),
            reason="expired" if "EXPIRED" in (status.upper(), happened) else "",
            venue_order_id=order,
            venue_time_ns=moment,
            leg=leg_of(position_side, self._mode),
        )
        return (update, *self._fill(row, update, happened, received_ns))

    def _fill(self, row: AccountFields, order: OrderUpdate, happened: str, received_ns: int) -> Sequence[AnyEvent]:
        """The execution that an update tells, if it names it; else the sweep tells it."""
        fill_id = row.identity("td")
        if happened not in ("TRADE", "CALCULATED") or not (fill_id and row.said("l") and row.said("L")):
            return row.faults("ORDER_TRADE_UPDATE", received_ns, self._connection)
        price, quantity, fee = row.maybe_price("L"), row.size("l"), row.amount("n")
        if row.bad:
            return row.faults("ORDER_TRADE_UPDATE", received_ns, self._connection)
        if price is None or not quantity:
            return ()
        symbol = order.instrument.rpartition(":")[2]
        paid_in = row.shown("N") if self._market == facts.LINEAR else ""
        return (
            Fill(
                received_ns=received_ns,
                account=self._account,
                fill_id=f"{symbol}:{fill_id}",
                client_order_id=order.client_order_id,
                instrument=order.instrument,
                side=order.side,
                price=price,
                quantity=quantity,
                fee=-fee if fee else Decimal(0),
                fee_asset=paid_in or settle_of(self._market, symbol),
                venue_time_ns=order.venue_time_ns,
                leg=order.leg,
                origin=origin_of(row.shown("o"), happened),
            ),
        )

    # --- settings ------------------------------------------------------------------------------------------------

    def _config(self, fields: AccountFields, received_ns: int) -> Sequence[AnyEvent]:
        """Told every five seconds: only what differs from the last is passed on."""
        place = "ACCOUNT_CONFIG_UPDATE"
        told = fields.object("ac")
        if told is None:
            raise refusal(FaultKind.BAD_FIELD, place, *fields.bad[0])
        symbol = told.text("s")
        _check_symbol(told, "s", symbol)
        long, short = told.maybe_price("l"), told.maybe_price("S")
        mode = told.margin_mode("mt") if told.said("mt") else None
        if symbol is None or told.bad:
            return told.faults(place, received_ns, self._connection)
        said = f"{long} {short} {mode}".encode()
        if self._settings.get(symbol) == said:
            return (Heard(received_ns=received_ns, kind="unused", channel=place),)
        if len(self._settings) < facts.MAX_SYMBOLS:
            self._settings[symbol] = said
        return settings(self._account, instrument_id(facts.VENUE, self._market, symbol), long, short, mode, received_ns)


def settings(
    account: str,
    instrument: str,
    long: Decimal | None,
    short: Decimal | None,
    margin_mode: str | None,
    received_ns: int,
) -> list[AccountSettings]:
    """The settings of one contract: one event where both legs have the same leverage, else one for each."""
    legs = ((Leg.NET, long),) if long == short else ((Leg.LONG, long), (Leg.SHORT, short))
    return [
        AccountSettings(
            received_ns=received_ns,
            account=account,
            instrument=instrument,
            margin_mode=margin_mode,
            leverage=leverage,
            leg=leg,
        )
        for leg, leverage in legs
    ]


def isolated_margin(margin: Decimal | None, unrealised: Decimal | None) -> Decimal | None:
    """The margin put into an isolated position: the venue tells it with the unrealised result counted in."""
    if margin is None or unrealised is None or margin - unrealised < 0:
        return None
    return margin - unrealised


def origin_of(kind: str, happened: str) -> FillOrigin:
    """Why an execution happened, by order type and execution type."""
    if "ADL" in kind.upper():
        return FillOrigin.ADL
    return FillOrigin.LIQUIDATION if happened == "CALCULATED" or "LIQUIDAT" in kind.upper() else FillOrigin.ORDER


def _check_symbol(row: AccountFields, name: str, symbol: str | None) -> None:
    if symbol is not None and not plausible_symbol(symbol):
        row.note(name, "a symbol")

"""Snapshots made by hand: the seed's book, a book of two assets, alerts, a degraded feed, a staged order.

Figures are worked out here by a few plain formulas, so that what is on the screen hangs together.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import cache
from typing import Any

import msgspec

from core.commands import (
    AcknowledgeAlerts,
    AnyCommand,
    CancelStage,
    ClearAnchor,
    ConfirmStage,
    Explain,
    HideScenarios,
    SetAnchor,
    SetTarget,
    ShowScenarios,
    StageHedge,
    StepTarget,
    TypeMark,
    UndoTarget,
)
from core.errors import LinkClosed
from core.events import ChannelState, ConnectionState, OrderState
from core.explain import Step
from core.explanation import Explanation, Input
from core.figures import Figure, Freshness, absent, exact, unknown
from core.scenario_view import ScenarioAxis, ScenarioView
from core.snapshot import (
    AccountView,
    AlertView,
    AttributionView,
    BagLine,
    BookView,
    ChannelView,
    FeedView,
    FundingView,
    HedgeLine,
    Mode,
    OrderView,
    PartsView,
    PreviewAfter,
    Severity,
    Since,
    Snapshot,
    StageView,
    Totals,
)
from core.why.place import figures, path_of
from tests.support.builders import at, running

SECOND = 1_000_000_000
START = 1_790_000_000 * SECOND
HOUR = 3600 * SECOND


@dataclass(frozen=True)
class Leg:
    """One asset of the sample book: coins held, short against them, prices."""

    asset: str = "BTC"
    coins: Decimal = Decimal(5)
    cost: Decimal = Decimal(60_000)
    short: Decimal = Decimal("2.5")
    entry: Decimal = Decimal(60_000)
    mark: Decimal = Decimal("60012.30")
    index: Decimal = Decimal("60001.55")
    target: Decimal = Decimal("0.5")
    rate: Decimal = Decimal("0.0001")
    margin: Decimal = Decimal(75_000)
    maintenance_rate: Decimal = Decimal("0.005")
    missing_tiers: bool = False
    no_liquidation: bool = False
    venue_price: Decimal | None = None
    account_end: Decimal | None = None
    volatility: Decimal | None = Decimal("0.0213")
    typed: bool = False


BTC = Leg()
ETH = Leg(
    asset="ETH",
    coins=Decimal(20),
    cost=Decimal(2_400),
    short=Decimal(10),
    entry=Decimal(2_512),
    mark=Decimal("2498.77"),
    index=Decimal("2499.10"),
    rate=Decimal("-0.00004"),
    margin=Decimal(12_560),
)


@dataclass(frozen=True)
class Marks:
    """How fresh the market figures are: their age at the snapshot, and what that makes of them."""

    age_ns: int = 200_000_000
    freshness: Freshness = Freshness.LIVE


def live(value: Decimal, marks: Marks, time_ns: int, *, estimated: bool = False) -> Figure:
    """A figure that ages."""
    if marks.freshness is Freshness.UNKNOWN:
        return unknown("mark price")
    return Figure(value=value, estimated=estimated, freshness=marks.freshness, observed_ns=time_ns - marks.age_ns)


def hedge_line(leg: Leg, marks: Marks, time_ns: int) -> HedgeLine:
    """The short against one asset, on Bybit's linear contract, isolated margin."""

    def figure(value: Decimal, *, estimated: bool = False) -> Figure:
        return live(value, marks, time_ns, estimated=estimated)

    profit = leg.short * (leg.entry - leg.mark)
    notional = leg.short * leg.mark
    maintenance = notional * leg.maintenance_rate
    liquidation = (leg.margin + leg.short * leg.entry) / (leg.short * (1 + leg.maintenance_rate)) if leg.short else None
    if leg.no_liquidation or liquidation is None:
        price = distance = absent("no position")
    elif leg.missing_tiers:
        price = distance = unknown("tier table")
    else:
        price = figure(liquidation, estimated=True)
        distance = figure(liquidation / leg.mark - 1, estimated=True) if marks.freshness else unknown("mark price")
    ratio = leg.short / leg.coins
    order = ((leg.target - ratio) * leg.coins).quantize(Decimal("0.001"))
    next_funding = time_ns // (8 * HOUR) * 8 * HOUR + 8 * HOUR
    return HedgeLine(
        price_source="mark price typed in" if leg.typed else "",
        price_typed=leg.typed,
        asset=leg.asset,
        instrument=f"bybit:linear:{leg.asset}USDT",
        venue="bybit",
        symbol=f"{leg.asset}USDT",
        kind="linear",
        settle="USDT",
        quote="USDT",
        account="main",
        quantity=exact(-leg.short),
        quantity_unit=leg.asset,
        delta=exact(-leg.short),
        entry_price=exact(leg.entry),
        mark_price=figure(leg.mark),
        index_price=figure(leg.index),
        bid_price=figure(leg.mark - Decimal("0.1")),
        ask_price=figure(leg.mark + Decimal("0.1")),
        notional=figure(notional),
        profit=figure(profit),
        profit_quote=figure(profit),
        realised=exact(Decimal(0)),
        fees=exact(leg.short * leg.entry * Decimal("0.00055")),
        basis=figure(leg.mark / leg.index - 1),
        funding=FundingView(
            rate=figure(leg.rate),
            interval_hours=exact(Decimal(8)),
            next_funding_ns=figure(Decimal(next_funding)),
            annualised=figure(leg.rate * 3 * 365),
            next_payment=figure(notional * leg.rate, estimated=True),
            per_day=figure(notional * leg.rate * 3, estimated=True),
            received=exact(Decimal("30.02")),
        ),
        margin=figure(leg.margin + profit),
        maintenance_margin=figure(maintenance),
        margin_usage=unknown("tier table") if leg.missing_tiers else figure(maintenance / (leg.margin + profit)),
        liquidation_price=price,
        liquidation_distance=distance,
        liquidation_source="venue's formula",
        ratio=exact(ratio),
        target_ratio=exact(leg.target),
        drift=exact(ratio - leg.target),
        order_to_target=exact(-order) if order else absent("the hedge is at its target: nothing to order"),
        opened_note="opened at the first mark price",
        **ends(leg, price, distance, figure),
    )


def ends(leg: Leg, price: Figure, distance: Figure, figure: Callable[..., Figure]) -> dict[str, Any]:
    """Where the hedge ends by each account: the venue's price where the leg has one, ours, the account's."""
    if price.value is None or distance.value is None:
        same = dict.fromkeys(("liquidation_ours", "bankruptcy_price", "account_liquidation"), price)
        return {**same, "account_liquidation_distance": distance, "liquidation_venue": absent("kept here: no report")}
    venue = absent("no report of a venue: the position is kept here")
    difference = absent(venue.absent)
    if leg.venue_price is not None:
        venue, difference = figure(leg.venue_price), figure(price.value - leg.venue_price, estimated=True)
    end = price.value if leg.account_end is None else leg.account_end
    statistics = {} if leg.volatility is None else chances(leg.volatility)
    return {
        "liquidation_venue": venue,
        "liquidation_ours": price,
        "liquidation_difference": difference,
        "liquidation_disputed": difference.value is not None and abs(difference.value) > leg.mark / 50,
        "bankruptcy_price": figure((leg.margin + leg.short * leg.entry) / leg.short, estimated=True),
        "account_liquidation": figure(end, estimated=True),
        "account_liquidation_distance": figure(end / leg.mark - 1, estimated=True),
        **statistics,
    }


def chances(volatility: Decimal) -> dict[str, Any]:
    """What price history says of the distance."""
    names = ("liquidation_sigmas", "touch_day", "touch_week", "touch_month")
    values = ("16.4123", "0.00002", "0.0123", "0.1287")
    found = {name: Figure(value=Decimal(value), estimated=True) for name, value in zip(names, values, strict=True)}
    measured = Figure(value=volatility, estimated=True)
    return {**found, "volatility": measured, "volatility_source": "Yang-Zhang, 90 daily candles"}


def bag_line(leg: Leg, marks: Marks, time_ns: int) -> BagLine:
    """The coins of one asset."""

    def figure(value: Decimal) -> Figure:
        return live(value, marks, time_ns)

    return BagLine(
        asset=leg.asset,
        currency="USDT",
        quantity=exact(leg.coins),
        price=figure(leg.index),
        price_source="index price",
        value=figure(leg.coins * leg.index),
        cost=exact(leg.coins * leg.cost),
        profit=figure(leg.coins * (leg.index - leg.cost)),
        effective_cost=exact(leg.cost - Decimal("30.02") / leg.coins),
    )


def parts(price: Decimal, funding: Decimal, fees: Decimal, basis: Decimal, marks: Marks, time_ns: int) -> PartsView:
    """A profit of these parts, and none of the others."""
    nothing = exact(Decimal(0))
    return PartsView(
        price=live(price, marks, time_ns, estimated=True),
        convexity=nothing,
        basis=live(basis, marks, time_ns, estimated=True),
        funding=exact(funding),
        fees=exact(-fees),
        slippage=nothing,
        currencies=nothing,
        residual=nothing,
        total=live(price + funding - fees + basis, marks, time_ns),
    )


def attribution(
    legs: tuple[Leg, ...], marks: Marks, time_ns: int, since: Since = Since.INCEPTION, since_ns: int = 0
) -> AttributionView:
    """The profit of a book of these legs; from an anchor a tenth of it."""
    share = Decimal(1) if since is Since.INCEPTION else Decimal("0.1")
    spot = sum((leg.coins * (leg.index - leg.cost) for leg in legs), Decimal(0)) * share
    moved = sum((leg.short * (leg.entry - leg.index) for leg in legs), Decimal(0)) * share
    basis = sum((leg.short * (leg.index - leg.mark) for leg in legs), Decimal(0)) * share
    fees = sum((leg.short * leg.entry * Decimal("0.00055") for leg in legs), Decimal(0)) * share
    funding = Decimal("30.02") * len(legs) * share
    zero = Decimal(0)
    bag = parts(spot, zero, zero, zero, marks, time_ns)
    hedge = parts(moved, funding, fees, basis, marks, time_ns)
    both = parts(spot + moved, funding, fees, basis, marks, time_ns)
    return AttributionView(
        since=since,
        since_ns=since_ns,
        currency="USDT",
        parts=both,
        bag_parts=bag,
        hedge_parts=hedge,
        bag=bag.total,
        hedge=hedge.total,
        hedged=both.total,
        unhedged=bag.total,
        protection=hedge.total,
        gross=live(spot + moved + basis, marks, time_ns),
        realised=exact(zero),
        unrealised=live(moved + basis, marks, time_ns),
        includes="bag at spot and hedge at mark, in USDT; realised and unrealised, after fees and funding",
    )


def book_view(name: str, legs: tuple[Leg, ...], marks: Marks, time_ns: int) -> BookView:
    """A book of these legs with one account."""

    def figure(value: Decimal) -> Figure:
        return live(value, marks, time_ns)

    value = sum((leg.coins * leg.index for leg in legs), Decimal(0))
    cost = sum((leg.coins * leg.cost for leg in legs), Decimal(0))
    hedge = sum((leg.short * (leg.entry - leg.mark) for leg in legs), Decimal(0))
    fees = sum((leg.short * leg.entry * Decimal("0.00055") for leg in legs), Decimal(0))
    covered = sum((leg.short * leg.index for leg in legs), Decimal(0))
    wanted = sum((leg.target * leg.coins * leg.index for leg in legs), Decimal(0))
    funding = Decimal("30.02") * len(legs)
    margin = sum((leg.margin for leg in legs), Decimal(0))
    maintenance = sum((leg.short * leg.mark * leg.maintenance_rate for leg in legs), Decimal(0))
    return BookView(
        name=name,
        bag=tuple(bag_line(leg, marks, time_ns) for leg in legs),
        hedges=tuple(hedge_line(leg, marks, time_ns) for leg in legs),
        accounts=(
            AccountView(
                name="main",
                venue="bybit",
                settle="USDT",
                margin_mode="isolated",
                paper=True,
                wallet_balance=exact(Decimal(150_000)),
                unrealised=figure(hedge),
                margin_balance=figure(margin + hedge),
                initial_margin=figure(margin),
                maintenance_margin=figure(maintenance),
                margin_usage=figure(maintenance / (margin + hedge)),
                usage_label="maintenance ÷ margin balance",
                available=figure(Decimal(150_000) - margin),
            ),
        ),
        totals=Totals(
            currency="USDT",
            bag_value=figure(value),
            bag_cost=exact(cost),
            bag_profit=figure(value - cost),
            hedge_notional=figure(sum((leg.short * leg.mark for leg in legs), Decimal(0))),
            hedge_profit=figure(hedge + funding - fees),
            funding_received=exact(funding),
            fees=exact(fees),
            net_profit=figure(value - cost + hedge + funding - fees),
            ratio=figure(covered / value),
            target_ratio=figure(wanted / value),
            drift=figure((covered - wanted) / value),
        ),
        attributions=(
            attribution(legs, marks, time_ns),
            attribution(legs, marks, time_ns, Since.TODAY, time_ns - 2 * HOUR),
        ),
    )


def feed(
    connection: str = "linear",
    state: ConnectionState = ConnectionState.LIVE,
    *,
    time_ns: int = START,
    reason: str = "",
    last_fault: str = "",
    faults: int = 0,
    channels: tuple[ChannelView, ...] = (),
) -> FeedView:
    """One connection to Bybit."""
    return FeedView(
        venue="bybit",
        connection=connection,
        state=state,
        reason=reason,
        freshness=Freshness.LIVE if state is ConnectionState.LIVE else Freshness.STALE,
        last_data_ns=time_ns - (200_000_000 if state is ConnectionState.LIVE else 14 * SECOND),
        frames=12_345,
        faults=faults,
        reconnects=1 if reason else 0,
        last_fault=last_fault,
        channels=channels
        or (ChannelView(channel="tickers.BTCUSDT", state=ChannelState.LIVE, last_data_ns=time_ns - 200_000_000),),
    )


def degraded_feed(time_ns: int = START) -> FeedView:
    """A connection with a channel that was acknowledged and never spoke."""
    return feed(
        "linear",
        ConnectionState.DEGRADED,
        time_ns=time_ns,
        reason="tickers.ETHUSDT silent for 14 s",
        last_fault="bad_field: markPrice",
        faults=3,
        channels=(
            ChannelView(channel="tickers.BTCUSDT", state=ChannelState.LIVE, last_data_ns=time_ns),
            ChannelView(channel="tickers.ETHUSDT", state=ChannelState.SILENT, reason="acknowledged, no data"),
        ),
    )


def alert(
    key: str = "seed/BTC/distance",
    severity: Severity = Severity.ALARM,
    text: str = "BTCUSDT liquidation distance 11.2% is under 12%",
    *,
    since_ns: int = START - 90 * SECOND,
    ended_ns: int | None = None,
    acknowledged: bool = False,
) -> AlertView:
    """One alert."""
    return AlertView(
        key=key,
        rule="liquidation distance",
        severity=severity,
        subject="BTCUSDT",
        text=text,
        value=exact(Decimal("0.112")),
        threshold=exact(Decimal("0.12")),
        since_ns=since_ns,
        ended_ns=ended_ns,
        acknowledged=acknowledged,
    )


def stage(leg: Leg = BTC, *, refusals: tuple[str, ...] = (), order_id: str = "hr-1", time_ns: int = START) -> StageView:
    """The order that brings one leg to its target."""
    raw = leg.target * leg.coins - leg.short
    size = abs(raw).quantize(Decimal("0.001"))
    after = replace(leg, short=leg.short + size.copy_sign(raw), margin=leg.margin * leg.target * 2)
    line = hedge_line(after, Marks(), time_ns)
    return StageView(
        client_order_id=order_id,
        book="seed",
        instrument=f"bybit:linear:{leg.asset}USDT",
        account="main",
        paper=True,
        side="sell" if raw > 0 else "buy",
        raw_quantity=exact(abs(raw)),
        quantity=exact(size),
        quantity_unit=leg.asset,
        residual=exact(abs(raw) - size),
        price=exact(leg.mark),
        price_source="best bid",
        notional=exact(size * leg.mark),
        fee=Figure(value=size * leg.mark * Decimal("0.00055"), estimated=True),
        settle="USDT",
        reduce_only=raw < 0,
        after=PreviewAfter(
            quantity=line.quantity,
            ratio=line.ratio,
            margin=line.margin,
            margin_usage=line.margin_usage,
            liquidation_price=line.liquidation_price,
            liquidation_distance=line.liquidation_distance,
        ),
        refusals=refusals,
    )


def snapshot(
    *legs: Leg,
    marks: Marks = Marks(),
    sequence: int = 1,
    time_ns: int = START,
    mode: Mode = Mode.DEMO,
    alerts: tuple[AlertView, ...] = (),
    feeds: tuple[FeedView, ...] | None = None,
    staged: StageView | None = None,
    orders: tuple[OrderView, ...] = (),
    message: str = "",
    source: str = "simulated exchange, seed 7",
    scenario: ScenarioView | None = None,
) -> Snapshot:
    """A whole snapshot; without legs, the seed's book."""
    return Snapshot(
        sequence=sequence,
        time_ns=time_ns,
        mode=mode,
        source=source,
        books=(book_view("seed", legs or (BTC,), marks, time_ns),),
        alerts=alerts,
        feeds=feeds if feeds is not None else (feed("linear", time_ns=time_ns), feed("spot", time_ns=time_ns)),
        stage=staged,
        orders=orders,
        events=1000,
        worst_age_ns=marks.age_ns if marks.freshness is not Freshness.UNKNOWN else None,
        worst_freshness=marks.freshness,
        message=message,
        message_ns=time_ns,
        scenario=scenario,
    )


def anchored(shown: Snapshot, legs: tuple[Leg, ...], since_ns: int) -> Snapshot:
    """The snapshot with an anchor that its user has set."""
    (book,) = shown.books
    added = attribution(legs, Marks(), shown.time_ns, Since.ANCHOR, since_ns)
    book = msgspec.structs.replace(book, attributions=(*book.attributions, added))
    return msgspec.structs.replace(shown, books=(book,))


@cache
def scenario_view(axis: ScenarioAxis = ScenarioAxis.HEDGE, price: int = 75_000) -> ScenarioView:
    """The scenarios of the demo's book at a price, as an engine reckons them."""
    made = running(price)
    made.command(ShowScenarios(book="bitcoin", axis=axis), at(1))
    found = made.snapshot(at(1)).scenario
    while found is None or not found.complete:
        found = made.snapshot(at(1)).scenario
    return msgspec.structs.replace(found, reckoned_ns=START - 2 * SECOND)


def explanation(path: str, shown: Snapshot) -> Explanation | None:
    """What an engine would say of a figure: of a distance how it is reckoned, of any other who stated it."""
    found = {path_of(chain, field): getattr(chain[-1][1], field) for chain, field in figures(shown)}
    if path not in found:
        return None
    above, _, field = path.rpartition("/")
    name, figure = field.replace("_", " "), found[path]
    if field != "liquidation_distance":
        told = "stated by the venue: bybit, connection linear, channel tickers.BTCUSDT"
        return Explanation(path=path, name=name, figure=figure, unit="USDT a BTC", source=told)
    inputs = tuple(
        Input(name=item, words=words, figure=found[f"{above}/{item}"], unit="USDT a BTC", path=f"{above}/{item}")
        for item, words in (("liquidation_price", "liquidation price"), ("mark_price", "mark price of the contract"))
    )
    short = Input(name="short", words="short held", figure=exact(Decimal("2.5")), unit="BTC", source="the journal")
    step = Step(
        name="surplus",
        formula="equity - requirement",
        inputs=(("equity", "74969.25"), ("requirement", "750.15375")),
        value="74219.09625",
        unit="pool",
    )
    return Explanation(
        path=path,
        name="distance to liquidation",
        figure=figure,
        unit="fraction of the mark price",
        sign="+ safe, zero or − past liquidation",
        formula="(liquidation_price - mark_price) / mark_price",
        inputs=(*inputs, short),
        steps=(step,),
        includes="every tier up to that price",
        rule="bybit-unified (2026-05-27); maintenance tiers: bybit, REST, of 2026-09-20",
        remarks=("an estimate: liquidation price is an estimate",),
    )


class FakeLink:
    """An engine that does at once what it is told, in the plainest way, and remembers every command."""

    def __init__(self, *legs: Leg, **options: object) -> None:
        self.legs = list(legs or (BTC,))
        self.options = options
        self.commands: list[AnyCommand] = []
        self.closed = ""
        self.staged: StageView | None = None
        self.orders: tuple[OrderView, ...] = ()
        self.message = str(options.pop("message", ""))
        self.sequence = 0
        self.time_ns = START
        self.anchored_ns = 0
        self.history: list[list[Leg]] = []
        self.alerts: tuple[AlertView, ...] = ()
        self.explained = ""
        self._snapshot: Snapshot | None = None
        self.cut()

    def cut(self, seconds: float = 0.5, **changes: object) -> Snapshot:
        """Let time pass and cut the next snapshot."""
        self.options.update(changes)
        if "alerts" in changes:
            self.alerts = msgspec.convert(changes["alerts"], tuple[AlertView, ...])
        self.options.pop("alerts", None)
        self.sequence += 1
        self.time_ns += int(seconds * SECOND)
        self._snapshot = snapshot(
            *self.legs,
            sequence=self.sequence,
            time_ns=self.time_ns,
            alerts=self.alerts,
            staged=self.staged,
            orders=self.orders,
            message=self.message,
            **self.options,  # type: ignore[arg-type]
        )
        if self.anchored_ns:
            self._snapshot = anchored(self._snapshot, tuple(self.legs), self.anchored_ns)
        if self.explained:
            told = explanation(self.explained, self._snapshot)
            self._snapshot = msgspec.structs.replace(self._snapshot, explanation=told)
        return self._snapshot

    def latest(self) -> Snapshot | None:
        """The newest snapshot."""
        if self.closed:
            raise LinkClosed(self.closed)
        return self._snapshot

    def send(self, command: AnyCommand) -> None:
        """Do it, and cut a snapshot that shows it."""
        if self.closed:
            raise LinkClosed(self.closed)
        self.commands.append(command)
        self._obey(command)
        self.cut(0.001)

    def _obey(self, command: AnyCommand) -> None:
        match command:
            case StepTarget() | SetTarget():
                index = self._leg(command.instrument)
                leg = self.legs[index]
                wanted = leg.target + command.step if isinstance(command, StepTarget) else command.ratio
                self.history.append(list(self.legs))
                self.legs[index] = replace(leg, target=max(Decimal(0), min(wanted, Decimal("1.05"))))
            case UndoTarget():
                if self.history:
                    self.legs = self.history.pop()
                else:
                    self.message = "nothing to undo"
            case StageHedge():
                leg = self.legs[self._leg(command.instrument)]
                if leg.target * leg.coins == leg.short:
                    self.message = "already at target"
                else:
                    self.staged = stage(leg, order_id=f"hr-{self.sequence}", time_ns=self.time_ns)
            case CancelStage():
                self.staged = None
            case ConfirmStage():
                self._fill()
            case TypeMark():
                index = self._leg(command.instrument)
                self.legs[index] = replace(self.legs[index], mark=command.price)
            case SetAnchor():
                self.anchored_ns = self.time_ns
            case ClearAnchor():
                self.anchored_ns = 0
            case AcknowledgeAlerts():
                self.alerts = tuple(
                    msgspec.structs.replace(item, acknowledged=True) if command.key in ("", item.key) else item
                    for item in self.alerts
                )
            case ShowScenarios(axis=axis):
                self.options["scenario"] = scenario_view(axis)
            case HideScenarios():
                self.options["scenario"] = None
            case Explain():
                self.explained = command.path
            case _:
                self.message = "resynchronising"

    def _fill(self) -> None:
        if self.staged is None:
            return
        index = self._leg(self.staged.instrument)
        leg = self.legs[index]
        self.legs[index] = replace(leg, short=leg.target * leg.coins)
        self.orders = (order_from(self.staged, self.time_ns), *self.orders)
        self.message = "paper order filled"
        self.staged = None

    def _leg(self, instrument: str) -> int:
        return next(index for index, leg in enumerate(self.legs) if instrument.endswith(f"{leg.asset}USDT"))


def order_from(staged: StageView, time_ns: int) -> OrderView:
    """The staged order, filled at its price."""
    return OrderView(
        client_order_id=staged.client_order_id,
        account=staged.account,
        instrument=staged.instrument,
        side=staged.side,
        quantity=staged.quantity,
        filled_quantity=staged.quantity,
        average_price=staged.price,
        state=OrderState.FILLED,
        reason="",
        updated_ns=time_ns,
        paper=True,
    )

"""Why an alert speaks: the figure it reads and the threshold that the figure is past."""

from __future__ import annotations

from core import rules
from core.explanation import Input
from core.risk import USED_UP
from core.snapshot import AccountView, AlertView, BookView, HedgeLine, Snapshot
from core.why.place import Place, Told, fact

LADDERS = {
    rules.LIQUIDATION: "liquidation_distance",
    rules.USAGE: "margin_usage",
    rules.DRIFT: "ratio_drift",
    rules.FUNDING: "funding_paid_per_day",
}
"""The ladder of ``[books.thresholds]`` that a rule reads its figure against."""

FIGURES = {
    rules.LIQUIDATION: ("liquidation_distance", "account_liquidation_distance"),
    rules.USAGE: ("margin_usage",),
    rules.DRIFT: ("drift",),
    rules.LIQUIDATED: ("margin_usage",),
}
"""The figures that a rule may read; of several it is the one whose value the alert has."""


@fact(AlertView, "value", "what the alert measured", "fraction")
def _value(place: Place) -> Told:
    alert = place.the(AlertView)
    if alert.rule not in (*FIGURES, rules.FUNDING):
        return Told(method="a condition that holds or does not: there is nothing to measure")
    owner = _subject(place, alert)
    if alert.ended_ns is not None or owner is None:
        return Told(source="as it was measured last, while the alert was open")
    if alert.rule == rules.FUNDING:
        return _funding(place, owner)
    read = [_of(place, owner, field) for field in FIGURES[alert.rule]]
    measured = next((item for item in read if item.figure.value == alert.value.value), read[0])
    formula = f"abs({measured.name})" if alert.rule == rules.DRIFT else measured.name
    return Told(formula=formula, inputs=(measured,), estimated="the figure that it reads is one")


def _subject(place: Place, alert: AlertView) -> tuple[BookView, HedgeLine | AccountView] | None:
    """The hedge or the account that an alert is about, with its book."""
    for book in place.the(Snapshot).books:
        if alert.key != "/".join((book.name, alert.subject, alert.rule)):
            continue
        for line in book.hedges:
            if line.instrument == alert.subject:
                return book, line
        for account in book.accounts:
            if account.name == alert.subject:
                return book, account
    return None


def _of(place: Place, owner: tuple[BookView, HedgeLine | AccountView], field: str) -> Input:
    book, item = owner
    inside = f"hedges/{item.instrument}" if isinstance(item, HedgeLine) else f"accounts/{item.name}"
    path = f"books/{book.name}"
    chain = (("", place.the(Snapshot)), (path, book), (f"{path}/{inside}", item))
    return place.linked(chain, field)


def _funding(place: Place, owner: tuple[BookView, HedgeLine | AccountView]) -> Told:
    """What funding costs a day: positive where the position pays."""
    book, line = owner
    assert isinstance(line, HedgeLine)
    path = f"books/{book.name}/hedges/{line.instrument}"
    place_of = (("", place.the(Snapshot)), (f"books/{book.name}", book), (path, line))
    funding = (*place_of, (f"{path}/funding", line.funding))
    inputs = (
        place.linked(funding, "rate"),
        place.linked(funding, "interval_hours"),
        place.linked(place_of, "quantity"),
    )
    sign = "" if line.quantity.value is not None and line.quantity.value > 0 else "-"
    return Told(formula=f"{sign}rate * 24 / interval_hours", inputs=inputs)


@fact(AlertView, "threshold", "threshold of the alert", "fraction")
def _threshold(place: Place) -> Told:
    alert = place.the(AlertView)
    if alert.rule == rules.LIQUIDATED:
        return Told(source=f"by definition: at a margin usage of 1 the venue liquidates ({USED_UP})")
    ladder = LADDERS.get(alert.rule)
    if ladder is None:
        return Told(method="a condition that holds or does not: it has no threshold")
    return Told(source=f"{ladder}, the step for {alert.severity.value}, of [books.thresholds] in the configuration")

"""The four answers that can be read from across the room: am I safe, am I hedged, what does it cost, what changed."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import NamedTuple

from core.figures import Figure, Freshness, total
from core.snapshot import BookView, HedgeLine, Totals
from tui.format import Cell, Formatter, estimate_mark, number
from tui.glyphs import BLOCK_DIGITS, DASH, MASKED, UP, block_letters, block_width
from tui.panel import Lines
from tui.panels.fields import badge, hedge_names
from tui.picture import View
from tui.rows import Row, boxed, fit, pad, row_width, spread
from tui.words import (
    BLIND,
    NOTHING,
    SEVERITY_ROLES,
    Verdict,
    cost_verdict,
    end_of,
    hedge_verdict,
    open_alerts,
    safety_of,
    worst_verdict,
)


class Answer(NamedTuple):
    """One answer: the question, the figure as text, its style, the verdict's word, and what else to say, from its
    longest form to its shortest; and what the figure is counted in."""

    question: str
    figures: tuple[str, ...]
    role: str
    verdict: Verdict
    captions: tuple[str, ...]
    unit: str = ""


class Banner(Lines):
    """One row for what must not be overlooked; the answers in one row where they have no room of their own."""

    with_answers = True

    def lines(self, view: View) -> list[Row]:
        """The engine's end, its silence, an alert nobody has acknowledged, or the answers."""
        width = self.place.width
        return [_urgent(view, width) or (_answers_line(view, width) if self.with_answers else ())]


class Answers(Lines):
    """Four boxes in block lettering."""

    def lines(self, view: View) -> list[Row]:
        """The four boxes side by side."""
        width = self.place.width
        answers = _answers(view)
        each = width // len(answers)
        boxes = []
        for index, answer in enumerate(answers):
            size = each if index < len(answers) - 1 else width - each * (len(answers) - 1)
            boxes.append(_box(answer, size, self.place.height))
        return [tuple(cell for box in boxes for cell in box[y]) for y in range(self.place.height)]


def _urgent(view: View, width: int) -> Row:
    if view.lost:
        return _notice(f" ENGINE STOPPED: {view.lost}. Nothing below is live.", "q quits ", width, "critical_badge")
    if view.silent_ns and view.replaying:
        return _notice(" REPLAY STANDS STILL: this is the last picture", "q quits ", width, "notice")
    if view.silent_ns:
        seconds = view.silent_ns // 1_000_000_000
        return _notice(f" ENGINE SILENT for {seconds}s: nothing below is live.", "r resync ", width, "danger_badge")
    alert = view.banner()
    if alert is None:
        return ()
    more = sum(1 for other in open_alerts(view.live.alerts) if not other.acknowledged) - 1
    keys = f"  {f'+{more}  ' if more else ''}a acknowledge  A list "
    keys = keys if len(keys) < width // 2 else "  a A "
    text = f" {UP} {alert.severity.upper()}: {view.live_show.told(alert.text)}"
    return _notice(text, keys, width, f"{SEVERITY_ROLES[alert.severity]}_badge")


def _notice(text: str, keys: str, width: int, role: str) -> Row:
    if len(text) + len(keys) > width:
        keys = ""
    return spread((Cell(fit(text, max(0, width - len(keys))), role),), (Cell(keys, role),) if keys else (), width)


def _answers(view: View) -> list[Answer]:
    book = view.book
    show = view.show
    if book is None:
        return [
            Answer(question, (DASH,), "unknown", BLIND, ("no book",))
            for question in ("safe", "hedged", "cost", "change")
        ]
    return [_safe(view), _hedged(show, book), _cost(show, view, book), _changed(view, book)]


def _safe(view: View) -> Answer:
    show = view.show
    worst: tuple[BookView, HedgeLine] | None = None
    for book, hedge in view.hedges:
        if worst is None or _danger(show, book, hedge) > _danger(show, *worst):
            worst = (book, hedge)
    if worst is None:
        return Answer("am I safe", (DASH,), "unknown", NOTHING, ("no hedge",))
    book, hedge = worst
    verdict = safety_of(show, hedge, book)
    end = end_of(hedge)
    figure = show.percent(end.distance, 8).text.strip()
    name = hedge_names(view.hedges)[view.hedges.index(worst)] if len(view.hedges) > 1 else ""
    phrases = ("to account end", "to end", "") if end.of_account else ("to liquidation", "to liq.", "")
    captions = tuple(f"{name} {words}".strip() for words in phrases)
    if end.distance.missing:
        captions = (f"needs {end.distance.missing[0]}", *captions)
    known = show.known(end.distance)
    return Answer(
        "am I safe", (figure,), _calm(verdict), verdict, captions, f"{name} {phrases[1]}".strip() if known else name
    )


def _danger(show: Formatter, book: BookView, hedge: HedgeLine) -> tuple[int, Decimal]:
    """Sorts hedges by danger: the verdict first, then the smaller distance."""
    value = end_of(hedge).distance.value
    return safety_of(show, hedge, book).rank, -value if value is not None else Decimal("-Infinity")


def _hedged(show: Formatter, book: BookView) -> Answer:
    totals = book.totals
    verdict = worst_verdict(
        [
            hedge_verdict(show, totals.ratio, totals.target_ratio, totals.drift, book.thresholds),
            *(hedge_verdict(show, line.ratio, line.target_ratio, line.drift, book.thresholds) for line in book.hedges),
        ]
    )
    target = show.percent(totals.target_ratio, 8).text.strip()
    figure = show.percent(totals.ratio, 8).text.strip()
    return Answer("am I hedged", (figure,), _calm(verdict), verdict, (f"target {target}", f"of {target}"))


def _cost(show: Formatter, view: View, book: BookView) -> Answer:
    """Funding a day of all the book's hedges; of the selected one where they settle in several currencies."""
    if view.hedge is None:
        return Answer("what does it cost", (DASH,), "unknown", NOTHING, ("no hedge",))
    _book, hedge = view.hedge
    settle, figure, name = hedge.settle, hedge.funding.per_day, ""
    if all(line.settle == settle for line in book.hedges):
        paying = [line.funding.per_day for line in book.hedges if not line.funding.per_day.absent]
        figure = total(*paying) if paying else figure
    else:
        name = hedge_names(view.hedges)[view.hedges.index(view.hedge)]
    verdict = cost_verdict(show, figure)
    cell = show.profit(figure, currency=settle)
    captions = (f"{settle} a day on {name}", f"{settle}/day {name}") if name else (f"{settle} a day", f"{settle}/day")
    return Answer(
        "what does it cost", _amounts(show, figure), cell.role, verdict, captions, f"{settle}/day {name}".rstrip()
    )


def _changed(view: View, book: BookView) -> Answer:
    alerts = open_alerts(view.live.alerts)
    totals: Totals = book.totals
    word = "no alerts" if not alerts else f"{len(alerts)} alert{'s' if len(alerts) > 1 else ''}"
    role = SEVERITY_ROLES[alerts[0].severity] if alerts else "safe"
    cell = view.show.profit(totals.net_profit, currency=totals.currency)
    blind = view.live_show.trust is not Freshness.LIVE
    verdict = BLIND if blind else Verdict(word, role, 0)
    amounts, captions = _amounts(view.show, totals.net_profit), (f"net P&L {totals.currency}", f"net {totals.currency}")
    return Answer("what changed", amounts, cell.role, verdict, captions, totals.currency)


def _calm(verdict: Verdict) -> str:
    """The figure itself keeps quiet while its verdict does."""
    return "strong" if verdict.role == "safe" else verdict.role


def _amounts(show: Formatter, figure: Figure) -> tuple[str, ...]:
    """A signed amount in every length from its cents down to its thousands."""
    value = figure.value
    if value is None or not show.known(figure):
        return (DASH,)
    if show.private:
        return (MASKED * 5,)
    places = 6 if 0 < abs(value) < 1 else 2
    mark = estimate_mark(figure)
    sizes = range(14, 4 + len(mark), -1)
    return tuple(dict.fromkeys(number(value, places, size, signed=True, mark=mark).strip() for size in sizes))


def _within(answer: Answer, width: int) -> str:
    return next((text for text in answer.figures if len(text) <= width), answer.figures[-1])


def _box(answer: Answer, width: int, height: int) -> list[Row]:
    inner = width - 4
    lettered = (text for text in answer.figures if block_width(text) <= inner and BLOCK_DIGITS.keys() >= set(text))
    figure = next(lettered, "")
    letters = block_letters(figure) if figure else ("", answer.figures[-1], "")
    word = badge(answer.verdict)
    caption: Row = (Cell(word.text.removeprefix(" ") if word.role == answer.verdict.role else word.text, word.role),)
    room = inner - row_width(caption) - 2
    caption = (*caption, Cell(next((f"  {text}" for text in answer.captions if len(text) <= room), ""), "label"))
    rows = [*((Cell(line, answer.role),) for line in letters), caption]
    return [pad(row, width) for row in boxed((Cell(answer.question, "label"),), (), rows, width, height, "frame")]


LAST = 3


def _answers_line(view: View, width: int) -> Row:
    """The answers in a row: words first, figures after them; in fewer words where they would not fit.

    No amount stands there without what it is; where nothing shorter fits, the last answers are left out whole.
    """
    answers = _answers(view)
    for kept in range(len(answers), 0, -1):
        for brevity in range(BREVITIES):
            parts = [_short(answer, index, brevity) for index, answer in enumerate(answers[:kept])]
            spare = width - 2 - sum(row_width(part) for part in parts)
            if spare >= 2 * (len(parts) - 1):
                return _spaced(parts, spare, width)
    return pad((Cell(" ", "text"), *_short(answers[0], 0, BREVITIES - 1)), width)


def _spaced(parts: list[Row], spare: int, width: int) -> Row:
    gap, rest = divmod(spare, max(1, len(parts) - 1))
    cells: list[Cell] = [Cell(" ", "text")]
    for index, part in enumerate(parts):
        if index:
            cells.append(Cell(" " * (gap + (1 if index <= rest else 0)), "text"))
        cells.extend(part)
    return pad(tuple(cells), width)


BREVITIES = 6
"""In how many lengths an answer can be told: without dollars' names, "to liq.", "-HEDGED", cents, as a word alone."""


def _short(answer: Answer, index: int, brevity: int) -> Row:
    word = badge(answer.verdict)
    text = word.text if word.role != answer.verdict.role else word.text.strip()
    if brevity >= 3:
        text = text.replace("-HEDGED", "")
    figure = _within(answer, 10 if brevity < 4 else 7)
    unit = answer.unit
    if brevity >= 1:
        unit = re.sub(r"^(USDT|USDC|USD)\b *", "", unit)
    if index == 0:
        name = "" if unit.startswith("to ") else unit.partition(" to ")[0]
        said = f"{figure} {unit if brevity < 2 else name if brevity < 3 else ''}"
    else:
        said = f"{'net ' if index == LAST else ''}{figure}{'' if unit.startswith('/') else ' '}{unit}"
    if brevity == BREVITIES - 1 and index >= 2:
        return (Cell(text, word.role),)
    return (Cell(text, word.role), Cell(f" {said.rstrip()}", answer.role))

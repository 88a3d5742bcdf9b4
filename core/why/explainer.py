"""Answers for a path: finds the figure in a snapshot, asks its fact, and says why it is marked as it is."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import msgspec

from core.exact import exactly
from core.explanation import Explanation, Input
from core.figures import Figure, Freshness
from core.freshness import SECOND_NS
from core.snapshot import Snapshot
from core.staging import Refused
from core.why.place import Fact, Place, Told, fact_of, figures, path_of, unit_of
from core.why.sources import Sources


class Explainer:
    """Holds the path that was asked for. ``look`` gives the present picture."""

    def __init__(self, sources: Sources, look: Callable[[], Snapshot]) -> None:
        self._sources = sources
        self._look = look
        self.asked = ""

    def ask(self, path: str) -> None:
        """Explain this figure from now on, or none. Raises Refused, naming the nearest path, for one that is not."""
        known = paths(self._look()) if path else []
        if path and path not in known:
            nearest = nearest_path(path, known)
            raise Refused(f"there is no figure {path}" + (f"; the nearest is {nearest}" if nearest else ""))
        self.asked = path

    def told(self, snapshot: Snapshot) -> Snapshot:
        """The snapshot with the explanation that was asked for; without one where its figure is not there now."""
        if not self.asked:
            return snapshot
        return msgspec.structs.replace(snapshot, explanation=explain(snapshot, self.asked, self._sources))


def paths(snapshot: Snapshot) -> list[str]:
    """The path of every figure of a snapshot."""
    return list(dict.fromkeys(path_of(chain, field) for chain, field in figures(snapshot)))


def nearest_path(path: str, known: Iterable[str]) -> str:
    """The path most like one that is not there, above all in its last part; empty where there is no other."""
    from difflib import SequenceMatcher

    def likeness(other: str) -> tuple[float, float]:
        last = SequenceMatcher(None, path.rpartition("/")[2], other.rpartition("/")[2]).ratio()
        return last, SequenceMatcher(None, path, other).ratio()

    return max(known, key=likeness, default="")


@exactly
def explain(snapshot: Snapshot, path: str, sources: Sources) -> Explanation | None:
    """The figure at ``path`` explained as of the snapshot; ``None`` where there is none."""
    sources.now_ns = snapshot.time_ns
    found = next(((chain, field) for chain, field in figures(snapshot) if path_of(chain, field) == path), None)
    if found is None:
        return None
    place = Place(*found, sources)
    known = fact_of(type(place.owner), place.field)
    assert known is not None, path
    told = known.tell(place)
    now_ns = snapshot.time_ns
    inputs = tuple(msgspec.structs.replace(item, age_ns=_age(item.figure, now_ns)) for item in told.inputs)
    return Explanation(
        path=path,
        name=known.name,
        figure=place.figure,
        unit=unit_of(known, place.chain, sources.instrument),
        sign=known.sign,
        formula=told.formula,
        method=told.method,
        source=told.source,
        inputs=inputs,
        steps=told.steps,
        includes=known.includes,
        excludes="; ".join(part for part in (known.excludes, told.excludes) if part),
        rule=told.rule,
        remarks=tuple(_remarks(known, told, place.figure, inputs, now_ns)),
        age_ns=_age(place.figure, now_ns),
    )


def _age(figure: Figure, now_ns: int) -> int | None:
    return None if figure.observed_ns is None else max(0, now_ns - figure.observed_ns)


def _remarks(known: Fact, told: Told, figure: Figure, inputs: tuple[Input, ...], now_ns: int) -> Iterable[str]:
    """Why the figure is unknown, absent, an estimate or old."""
    if figure.missing:
        yield f"unknown, for want of: {', '.join(figure.missing)}"
    if figure.absent:
        yield f"rightly without a value: {figure.absent}"
    if figure.estimated:
        guessed = [item.words for item in inputs if item.figure.estimated]
        because = [*([told.estimated] if told.estimated else []), *(f"{words} is an estimate" for words in guessed)]
        yield f"an estimate: {'; '.join(because) or f'{known.name} is not exact by the rules of the venue'}"
    if figure.freshness in (Freshness.LATE, Freshness.STALE):
        yield f"{figure.freshness.value}: {_oldest(inputs, figure, now_ns)}"


def _oldest(inputs: tuple[Input, ...], figure: Figure, now_ns: int) -> str:
    """Which input makes a figure old."""
    worst = [item for item in inputs if item.figure.freshness is figure.freshness and item.age_ns is not None]
    first = max(worst, key=lambda item: item.age_ns or 0, default=None)
    if first is not None and first.age_ns is not None:
        return f"{first.words} is {first.age_ns // SECOND_NS} s old"
    age = _age(figure, now_ns)
    if age is None:
        return "an input of it is no longer vouched for by its feed"
    return f"its oldest input is {age // SECOND_NS} s old, or its channel was interrupted"

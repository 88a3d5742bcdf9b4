"""A figure carries the marks of all that it is made of, however it is made."""

from __future__ import annotations

from decimal import Decimal
from functools import reduce

from hypothesis import given
from hypothesis import strategies as st

from core.exact import ZERO
from core.figures import Figure, Freshness, absent, derive, exact, ground, on, unknown, worst

NUMBERS = st.integers(-9, 9).map(Decimal)
KNOWN = st.builds(
    Figure,
    value=NUMBERS,
    estimated=st.booleans(),
    freshness=st.sampled_from([Freshness.LIVE, Freshness.LATE, Freshness.STALE]),
    observed_ns=st.none() | st.integers(0, 99),
)
LACKING = st.sampled_from([unknown("a"), unknown("b", "a"), absent("none by rights")])


def added(*values: Decimal) -> Decimal:
    return reduce(Decimal.__add__, values)


def marks(figure: Figure) -> tuple[bool, Freshness, int | None]:
    return figure.estimated, figure.freshness, figure.observed_ns


@given(st.lists(KNOWN, min_size=1, max_size=4), st.booleans())
def test_a_figure_is_as_doubtful_as_the_worst_and_as_old_as_the_oldest_of_its_inputs(
    inputs: list[Figure], estimated: bool
) -> None:
    found = derive(added, *inputs, estimated=estimated)
    seen = [item.observed_ns for item in inputs if item.observed_ns is not None]
    assert found.value == sum(item.value or ZERO for item in inputs)
    assert found.estimated is (estimated or any(item.estimated for item in inputs))
    assert found.freshness is worst(*(item.freshness for item in inputs))
    assert found.observed_ns == min(seen, default=None)


@given(st.lists(KNOWN, min_size=1, max_size=4), NUMBERS, st.booleans())
def test_what_rests_on_a_ground_has_the_marks_of_what_is_derived(
    inputs: list[Figure], value: Decimal, estimated: bool
) -> None:
    derived = derive(lambda *_: value, *inputs, estimated=estimated)
    assert on(ground(*inputs), value, estimated=estimated) == derived
    assert marks(ground(*inputs)) == marks(derive(added, *inputs))


@given(st.lists(KNOWN | LACKING, min_size=1, max_size=4).filter(lambda inputs: not all(one.known for one in inputs)))
def test_where_an_input_has_no_value_every_gap_is_named_once(inputs: list[Figure]) -> None:
    found = derive(added, *inputs)
    lacking = [one for one in inputs if not one.known]
    assert (
        found == ground(*inputs) == unknown(*dict.fromkeys(g for one in lacking for g in one.missing or (one.absent,)))
    )


def test_the_ground_of_nothing_is_exact() -> None:
    assert ground() == exact(ZERO)

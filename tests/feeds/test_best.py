"""The numbers of a best bid and ask: those of the texts given, whatever was read before."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feeds.best import BestTexts

PRICES = st.sampled_from(["76000.5", "76000.50", "1e3", "2", "0", "-1", "1e12", "1e-15", "NaN", "", "x"])
SIZES = st.sampled_from(["0", "0.000", "1.25", "1e-20", "5", "-1", "1e18", "0e-999", "Infinity", "", "x"])
GOOD_PRICES = {"76000.5", "76000.50", "1e3", "2"}
GOOD_SIZES = {"0", "0.000", "1.25", "1e-20", "5"}


@given(st.lists(st.tuples(PRICES, SIZES, PRICES, SIZES), max_size=8))
def test_the_numbers_are_those_of_the_texts_and_none_is_told_for_a_bad_one(
    frames: list[tuple[str, str, str, str]],
) -> None:
    best = BestTexts()
    for texts in frames:
        good = {texts[0], texts[2]} <= GOOD_PRICES and {texts[1], texts[3]} <= GOOD_SIZES
        try:
            numbers = best.numbers(*texts)
        except (ValueError, InvalidOperation):
            assert not good, texts
        else:
            assert good, texts
            assert list(map(str, numbers)) == [str(Decimal(text)) for text in texts]


@pytest.mark.parametrize("place", range(4))
def test_a_text_that_was_refused_once_is_refused_again(place: int) -> None:
    best, texts = BestTexts(), ["100", "1", "101", "2"]
    best.numbers(*texts)
    texts[place] = "-5"
    for _ in range(2):
        with pytest.raises(ValueError, match="out of bounds"):
            best.numbers(*texts)

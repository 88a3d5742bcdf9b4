"""Figures as text: widths never move, digits never lie, what is unknown is never a number."""

from __future__ import annotations

import re
from decimal import ROUND_UP, Decimal, localcontext

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.alerts import percent as in_a_sentence
from core.figures import Figure, Freshness, absent, exact, unknown
from tui.format import (
    SECOND_NS,
    Cell,
    Formatter,
    age,
    clock,
    coin_places,
    duration,
    mask_digits,
    number,
    price_places,
)
from tui.format import exact as every_digit
from tui.glyphs import DASH, ESTIMATED, MASKED, MINUS

NOW = 1_790_000_000 * SECOND_NS
SHOW = Formatter(NOW)
SCALES = {"k": 3, "M": 6, "B": 9, "T": 12}

values = st.decimals(
    allow_nan=False, allow_infinity=False, min_value=Decimal("-1e24"), max_value=Decimal("1e24"), places=12
) | st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**7), max_value=10**7)
widths = st.integers(min_value=1, max_value=24)
METHODS = {
    "price": SHOW.price,
    "coins": SHOW.coins,
    "money": SHOW.money,
    "profit": SHOW.profit,
    "percent": SHOW.percent,
    "rate": SHOW.rate,
    "basis_points": SHOW.basis_points,
    "points": SHOW.points,
    "countdown": SHOW.countdown,
}
AMOUNTS = ("coins", "money", "profit")


def read_back(text: str) -> tuple[Decimal, Decimal]:
    """A printed number and half a unit of its last digit."""
    plain = text.strip().replace(",", "").replace(MINUS, "-").removeprefix(ESTIMATED)
    power = SCALES.get(plain[-1], 0)
    plain = plain[:-1] if power else plain
    value = Decimal(plain)
    exponent = value.as_tuple().exponent
    assert isinstance(exponent, int)
    return value.scaleb(power), Decimal(5).scaleb(exponent - 1 + power)


@given(values, st.integers(min_value=0, max_value=8), widths, st.booleans())
def test_a_number_has_exactly_its_width_and_reads_back_to_the_printed_precision(
    value: Decimal, places: int, width: int, signed: bool
) -> None:
    text = number(value, places, width, signed=signed)
    assert len(text) == width
    if "#" in text:
        assert set(text) == {"#"}
        return
    shown, half = read_back(text)
    assert abs(shown - value) <= half
    assert (MINUS in text) == (value < 0)


@given(values.filter(lambda value: abs(value) < 10**18))
def test_a_number_that_fits_is_not_shortened(value: Decimal) -> None:
    assert read_back(number(value, 2, 40))[1] == Decimal("0.005")


def test_numbers_give_up_decimals_before_digits() -> None:
    value = Decimal("-1234567.891")
    shown = [number(value, 2, width, signed=True).strip() for width in (13, 12, 10, 8, 6)]
    assert shown == ["−1,234,567.89", "−1,234,567.9", "−1,234,568", "−1,235k", "−1.23M"]


@given(values)
def test_every_digit_of_a_size_is_shown(value: Decimal) -> None:
    assert Decimal(every_digit(value).replace(",", "").replace(MINUS, "-")) == value


@given(st.sampled_from(sorted(METHODS)), st.sampled_from([unknown("mark price"), absent("no position")]), widths)
def test_what_is_not_known_is_never_a_number(method: str, figure: Figure, width: int) -> None:
    cell = METHODS[method](figure, width)
    assert len(cell.text) == width
    assert not re.search(r"\d", cell.text)
    assert cell.role in ("unknown", "label")


@given(st.sampled_from(sorted(METHODS)), values, st.integers(min_value=8, max_value=24), st.booleans())
def test_a_figure_has_exactly_its_width(method: str, value: Decimal, width: int, estimated: bool) -> None:
    limited = abs(value) % 10**15 if method == "countdown" else value
    cell = METHODS[method](Figure(value=limited, estimated=estimated), width)
    assert len(cell.text) == width
    if estimated and method != "countdown" and "#" not in cell.text:
        assert ESTIMATED in cell.text


@pytest.mark.parametrize("method", AMOUNTS)
@given(value=values)
def test_private_mode_hides_amounts_and_their_signs(method: str, value: Decimal) -> None:
    cell = getattr(Formatter(NOW, private=True), method)(exact(value), 14)
    assert cell.text.strip() == MASKED * 5
    assert cell.role == "value"


def test_private_mode_leaves_prices_and_ratios() -> None:
    show = Formatter(NOW, private=True)
    assert show.price(exact(Decimal("60012.3"))).text.strip() == "60,012.30"
    assert show.percent(exact(Decimal("0.5"))).text.strip() == "50.0%"
    assert mask_digits("sold 0.25 at 60,000") == "sold •.•• at ••,•••"


@pytest.mark.parametrize(
    ("told", "masked"),
    [
        (
            "the order to sell 0.5 of bybit:linear:BTCUSDT-26MAR27 on account paper-2 was rejected",
            "the order to sell •.• of bybit:linear:BTCUSDT-26MAR27 on account paper-2 was rejected",
        ),
        ("account by lacks 10,016.47 USDT of margin", "account by lacks ••,•••.•• USDT of margin"),
        ("liquidation is ≈11.9% away, threshold 12.0%", "liquidation is ≈11.9% away, threshold 12.0%"),
        ("under-hedged by 5%, 2.5 coins", "under-hedged by 5%, •.• coins"),
        ("opened short 2.5.", "opened short •.•."),
    ],
)
def test_private_mode_hides_the_amounts_of_a_sentence_and_leaves_percentages_and_names(told: str, masked: str) -> None:
    assert Formatter(NOW, private=True).told(told) == masked
    assert SHOW.told(told) == told


@pytest.mark.parametrize(("fraction", "words"), [("0.178", "17.8%"), ("0.05", "5.0%"), ("1.2", "120.0%")])
def test_the_engines_sentences_write_per_cent_as_the_panels_do(fraction: str, words: str) -> None:
    """An estimate is marked in both."""
    figure = exact(Decimal(fraction))
    assert SHOW.percent(figure).text.strip() == in_a_sentence(figure) == words
    guess = Figure(value=Decimal(fraction), estimated=True)
    assert SHOW.percent(guess).text.strip() == in_a_sentence(guess) == f"≈{words}"


def test_a_profit_always_has_its_sign_and_nothing_else_depends_on_its_colour() -> None:
    gain, loss = SHOW.profit(exact(Decimal("12.5"))), SHOW.profit(exact(Decimal("-12.5")))
    assert (gain.text.strip(), gain.role) == ("+12.50", "plus")
    assert (loss.text.strip(), loss.role) == ("−12.50", "minus")
    assert SHOW.profit(exact(Decimal(0))).text.strip() == "0.00"
    assert SHOW.profit(exact(Decimal("0.5")), currency="BTC").text.strip() == "+0.500000"


def figure_aged(seconds: int, freshness: Freshness) -> Figure:
    return Figure(value=Decimal(5), freshness=freshness, observed_ns=NOW - seconds * SECOND_NS)


def test_an_old_figure_is_marked_and_says_its_age() -> None:
    assert SHOW.price(figure_aged(4, Freshness.LATE)).role == "late"
    stale = figure_aged(14, Freshness.STALE)
    assert SHOW.price(stale).role == "stale"
    assert SHOW.age_note(stale) == "14s"
    assert SHOW.age_note(figure_aged(0, Freshness.LIVE)) == ""


def test_a_silent_engine_makes_every_ageing_figure_stale_and_a_stopped_one_a_dash() -> None:
    fresh, typed = figure_aged(0, Freshness.LIVE), exact(Decimal(5))
    silent, stopped = Formatter(NOW, trust=Freshness.STALE), Formatter(NOW, trust=Freshness.UNKNOWN)
    assert silent.price(fresh).role == "stale"
    assert stopped.price(fresh) == Cell(DASH.rjust(12), "unknown")
    assert silent.price(typed).text == stopped.price(typed).text == SHOW.price(typed).text


@pytest.mark.parametrize(
    ("value", "places"),
    [("60012.3", 2), ("151.23", 2), ("12.5", 4), ("1", 4), ("0.12345", 5), ("0.0012", 7), ("0.00001234", 9), ("0", 2)],
)
def test_prices_keep_the_digits_their_magnitude_needs(value: str, places: int) -> None:
    assert price_places(Decimal(value)) == places


@pytest.mark.parametrize("value", ["0.000000001234", "0.00000000000042", "0.0000000000000000007"])
def test_a_price_or_a_size_too_small_for_its_decimals_never_reads_as_nothing(value: str) -> None:
    for cell in (
        SHOW.price(exact(Decimal(value))),
        SHOW.coins(exact(Decimal(value))),
        SHOW.price(exact(Decimal(value)), 8),
    ):
        assert re.search(r"[1-9]", cell.text.partition("e")[0]), cell.text
        shown, half = read_back(cell.text)
        assert abs(shown - Decimal(value)) <= half


def test_money_of_a_currency_that_is_not_known_yet_has_two_decimals() -> None:
    assert SHOW.money(exact(Decimal(300_000)), currency="").text.strip() == "300,000.00"


def test_coins_keep_fewer_decimals_the_more_of_them_there_are() -> None:
    assert [coin_places(Decimal(value)) for value in ("0.5", "2.5", "1500", "12000000")] == [6, 4, 2, 0]


@given(st.integers(min_value=0, max_value=10**20))
def test_ages_and_durations_fit_their_cells(nanoseconds: int) -> None:
    assert len(age(nanoseconds)) <= 4
    assert len(duration(nanoseconds)) <= 6


def test_times_in_words() -> None:
    assert [age(int(seconds * SECOND_NS)) for seconds in (0.4, 12, 180, 7200, 90_000, 10**6)] == [
        "<1s", "12s", "3m", "2h", "25h", "11d",
    ]  # fmt: skip
    assert [duration(seconds * SECOND_NS) for seconds in (-5, 30, 720, 11_520, 183_600)] == [
        "now", "<1m", "12m", "3h12m", "2d03h",
    ]  # fmt: skip
    assert clock((8 * 3600 + 5 * 60) * SECOND_NS) == "08:05"


def test_no_library_that_rounds_another_way_changes_what_is_shown() -> None:
    """Some set the decimal context of the whole thread when they are loaded."""
    with localcontext() as context:
        context.rounding, context.prec = ROUND_UP, 3
        assert number(Decimal("-92062.5"), 0, 8).strip() == "−92,062"
        assert every_digit(Decimal("12345.678")) == "12,345.678"

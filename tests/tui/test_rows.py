"""Rows keep their width, whatever is in them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from tui.format import Cell
from tui.glyphs import BLOCK_DIGITS, block_letters, to_ascii
from tui.rows import bar, boxed, columns, fit, pad, row_width, spread, told_apart, wrapped

texts = st.text(alphabet=st.characters(blacklist_categories=("Cs", "Cc", "Cf", "Mn", "Me", "Zl", "Zp")), max_size=40)
rows = st.lists(st.builds(Cell, texts, st.sampled_from(["text", "label"])), max_size=5).map(tuple)
sizes = st.integers(min_value=2, max_value=60)


def plain(row: tuple[Cell, ...]) -> str:
    return "".join(cell.text for cell in row)


@given(texts, sizes)
def test_text_is_fitted_to_exactly_its_width_and_says_where_it_was_cut(text: str, width: int) -> None:
    fitted = fit(text, width)
    assert cell_len(fitted) == width
    assert ("…" in fitted.removeprefix(text)) == (cell_len(text) > width) or "…" in text


@pytest.mark.parametrize(
    ("names", "shown"),
    [
        (("BTCUSDT", "BTCUSDT-26MAR27", "BTCUSDT-25DEC26"), ("…CUSDT", "…-26M…", "…-25D…")),
        (("BTC-USDT-SWAP", "BTC-USDT-261225", "BTC-USDT-270326"), ("…SWAP ", "…2612…", "…2703…")),
        (("BTCUSD", "BTCUSD_261225", "BTCUSD_270326"), ("BTCUSD", "…2612…", "…2703…")),
        (("BTC bybit", "BTC binance", "ETH"), ("…bybit", "…bina…", "ETH   ")),
        (("bybit:BTCUSDT", "bybit:BTCUSDC"), ("…CUSDT", "…CUSDC")),
        (("a/BTC bybit", "a/BTC bingx", "b/BTC bybit", "b/BTC bingx"), ("a/…bit", "a/…ngx", "b/…bit", "b/…ngx")),
        (("bybit", "mexc"), ("bybit ", "mexc  ")),
        (("the same name", "the same name"), ("the s…", "the s…")),
    ],
)
def test_names_that_begin_alike_are_cut_where_they_differ(names: tuple[str, ...], shown: tuple[str, ...]) -> None:
    assert tuple(told_apart(names, 6)) == shown


@given(st.lists(texts, max_size=6), st.integers(1, 40))
def test_names_told_apart_keep_their_width_and_are_apart_where_the_cut_ones_were(names: list[str], width: int) -> None:
    shown = told_apart(names, width)
    assert [cell_len(text) for text in shown] == [width] * len(names)
    assert len(set(shown)) >= len({fit(name, width) for name in names})


@given(rows, sizes)
def test_a_padded_row_has_exactly_its_width(row: tuple[Cell, ...], width: int) -> None:
    assert row_width(pad(row, width)) == width
    if row_width(row) <= width:
        assert plain(pad(row, width)).startswith(plain(row))


@given(rows, rows, sizes)
def test_a_spread_row_keeps_its_right_end(left: tuple[Cell, ...], right: tuple[Cell, ...], width: int) -> None:
    spreaded = spread(left, right, width)
    assert row_width(spreaded) == width
    if row_width(right) < width:
        assert plain(spreaded).endswith(plain(right))


@given(texts, st.integers(min_value=2, max_value=30))
def test_wrapped_text_keeps_every_word_and_no_line_is_too_long(text: str, width: int) -> None:
    lines = wrapped(text, width)
    assert all(row_width(line) <= width for line in lines)
    assert "".join(plain(line) for line in lines).replace(" ", "") == "".join(text.split())


@given(st.integers(-5, 60), st.integers(1, 50), st.none() | st.integers(-5, 60))
def test_a_bar_has_its_width_and_is_as_full_as_it_says(filled: int, width: int, mark: int | None) -> None:
    drawn = plain(bar(filled, width, "safe", mark))
    assert len(drawn) == width
    wanted = max(0, min(filled, width))
    assert abs(drawn.count("█") - wanted) <= (0 if mark is None else 1)
    assert drawn.count("┃") == (0 if mark is None else 1)


@given(st.lists(rows, max_size=8), st.integers(8, 60), st.integers(3, 12))
def test_a_box_is_exactly_as_large_as_asked(content: list[tuple[Cell, ...]], width: int, height: int) -> None:
    lines = boxed((Cell("3 margin", "title"),), (Cell("<1s", "age"),), content, width, height, "frame")
    assert len(lines) == height
    assert {row_width(line) for line in lines[1:]} == {width}
    assert plain(lines[-1])[0] + plain(lines[-1])[-1] == "╰╯"


def test_columns_are_filled_row_by_row() -> None:
    items = [(Cell(str(index), "text"),) for index in range(5)]
    assert [plain(line).split() for line in columns(items, 2, 20)] == [["0", "1"], ["2", "3"], ["4"]]


@given(texts)
def test_ascii_keeps_the_width(text: str) -> None:
    assert to_ascii(text).isascii()
    assert cell_len(to_ascii(text)) == cell_len(text)


def test_block_letters_are_as_wide_in_every_row() -> None:
    assert all(len({len(row) for row in letters}) == 1 for letters in BLOCK_DIGITS.values())
    top, middle, bottom = block_letters("≈49.3%")
    assert len(top) == len(middle) == len(bottom)

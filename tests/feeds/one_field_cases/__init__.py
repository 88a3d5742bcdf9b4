"""Bodies and frames that every venue sends, for having one field wrong at a time."""

from __future__ import annotations

from typing import Final

from tests.feeds.one_field_cases import binance, bingx, bybit, mexc, weex

CASES: Final = [*bybit.CASES, *binance.CASES, *bingx.CASES, *mexc.CASES, *weex.CASES]

WORDS: Final = frozenset({"status", "orderStatus", "X"})
"""What an order's state is told by: a word that is not known leaves the state unknown."""

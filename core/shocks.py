"""Shocks by name: the ladder, days that happened, and things that fail other than prices.

Historical shocks are magnitudes as public reports give them, rounded; they are no price series, and the reports differ
by a few percent. Each says when it was, what it says and who said so. An asset that a shock does not name follows its
beta to the driver.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

import msgspec

from core.errors import RequestError
from core.exact import CONTEXT, ONE, exactly
from core.explain import note
from core.hedged_book import HedgedBook, with_betas
from core.scenario import Scenario

D = Decimal

LADDER: tuple[Decimal, ...] = tuple(ONE + D(percent) / 100 for percent in (-50, -20, -10, -5, 5, 10, 20, 50, 100))
"""The driver's multiples of the ladder: ±5, 10, 20, 50 and +100%. (−100% is no price.)"""


class HistoricalShock(msgspec.Struct, frozen=True, kw_only=True):
    """``moves`` are relative changes by asset (−0.5: halved); ``jumps`` multiples that come at once.

    A jump is keyed by asset, or by ``venue/asset`` where one venue alone had it. ``others`` is the change of every
    other coin, ``None`` to leave it to its beta.
    """

    name: str
    when: str
    moves: Mapping[str, Decimal]
    jumps: Mapping[str, Decimal] = msgspec.field(default_factory=dict)
    others: Decimal | None = None
    note: str
    source: str


HISTORY: tuple[HistoricalShock, ...] = (
    HistoricalShock(
        name="2020-03",
        when="12-13 March 2020",
        moves={"BTC": D("-0.50"), "ETH": D("-0.55")},
        note="bitcoin from about 7,900 to about 3,900 USD and ether from about 200 to about 90, within a day",
        source="public reports of 'Black Thursday' (CoinDesk and exchange newsletters, March 2020 and anniversaries)",
    ),
    HistoricalShock(
        name="2022-11",
        when="6-10 November 2022",
        moves={"BTC": D("-0.26"), "ETH": D("-0.30"), "SOL": D("-0.60"), "FTT": D("-0.90")},
        note="FTX's week, from 6 November to the lows: bitcoin from about 21,300 to about 15,700, solana more than "
        "halved",
        source="CoinDesk market reports of 9 and 11 November 2022; CoinGecko's weekly changes as quoted on 15 November",
    ),
    HistoricalShock(
        name="2025-10",
        when="10 October 2025",
        moves={"BTC": D("-0.14"), "ETH": D("-0.20")},
        others=D("-0.55"),
        jumps={"binance/USDE": D("0.65"), "binance/USDe": D("0.65")},
        note="bitcoin from about 121,000 to about 104,000 (lower on single venues), altcoins 40 to 70% down within "
        "the day and some more, USDe at 0.65 on one venue alone while it stayed near par elsewhere; profitable shorts "
        "were auto-deleveraged",
        source="public reports of 10-13 October 2025; the venue's own account of the index deviations of USDe",
    ),
)


def historical(name: str) -> HistoricalShock:
    """The historical shock of that name; RequestError naming ``shock`` where there is none."""
    for shock in HISTORY:
        if shock.name == name:
            return shock
    raise RequestError("shock", f"one of {', '.join(shock.name for shock in HISTORY)}", name)


@exactly
def apply(shock: HistoricalShock, book: HedgedBook, driver: str, scenario: Scenario) -> tuple[HedgedBook, Scenario]:
    """The book and scenario under which every asset ends where the shock says, all moving together on the way.

    The driver moves as the shock says of it; an asset with a move of its own gets the beta that takes it there. Raises
    RequestError where the shock does not say how the driver moved.
    """
    if driver not in shock.moves:
        raise RequestError("driver", f"one of {', '.join(shock.moves)} for shock {shock.name}", driver)
    end = ONE + shock.moves[driver]
    betas = dict(book.betas)
    for asset, beta in book.betas.items():
        move = shock.moves.get(asset, shock.others if beta else None)
        if asset != driver and move is not None:
            betas[asset] = CONTEXT.divide(CONTEXT.ln(ONE + move), CONTEXT.ln(end))
            given = {"move": move, "end": end}
            note(f"beta of {asset}", "ln(1 + move) / ln(end)", betas[asset], given, source=shock.source)
    jumps = {**scenario.jumps, **shock.jumps}
    return with_betas(book, betas), msgspec.structs.replace(scenario, path=(end,), jumps=jumps)


class Failure(msgspec.Struct, frozen=True, kw_only=True):
    """What fails in a failure shock, in a sentence."""

    name: str
    note: str


FAILURES: tuple[Failure, ...] = (
    Failure(
        name="adl",
        note="every short is closed by its venue at force_closed_at (auto-deleveraging) and the price goes on to its "
        "end: what the hedge would have gained from there on is missing",
    ),
    Failure(
        name="venue-gone", note="an account is lost with its coins, its equity and its positions; the bag is naked"
    ),
    Failure(
        name="depeg", note="a stablecoin at 0.9: collateral in it is worth less, and what is quoted in it is dearer"
    ),
    Failure(
        name="feed-dead",
        note="no price shock: figures that depend on the feed are unknown until it speaks again, and alerts on them "
        "are blind; look at the price ladder for what may happen meanwhile",
    ),
)

DEPEG = D("0.9")


def failure(name: str) -> Failure:
    """The failure shock of that name; RequestError naming ``shock`` where there is none."""
    for found in FAILURES:
        if found.name == name:
            return found
    raise RequestError("shock", f"one of {', '.join(item.name for item in FAILURES)}", name)

"""Writes ``docs/venues.md`` from what a test run has shown, or checks that the page claims no more.

``pytest --venue-table=docs/venues.md`` writes it: a run of everything that verifies (``-m verifies``) is needed, since
what is not run is not verified. A run of all tests checks the page as it is.
"""

from __future__ import annotations

import importlib
from collections.abc import Collection, Generator, Mapping
from pathlib import Path
from types import ModuleType
from typing import Final

import pytest

from core.symbols import MARKETS
from tests.capabilities import CAPABILITIES

PAGE: Final = Path(__file__).parent.parent / "docs" / "venues.md"
_KEY = pytest.StashKey["_Shown"]()

Cell = tuple[str, str, str]
"""Venue, market, capability."""

_HEADER = """\
# What each venue offers, and who has checked it

Made by a test run: `python -m pytest -m verifies --venue-table=docs/venues.md`. "ccxt.pro" and the venues' own SDKs are
clients that others wrote, at work on the simulated exchange; "hedgerow" is this product's own client there, or its
decoder on recorded messages. A dash: not shown by any test yet.
"""


class _Shown:
    """Which capabilities the tests of this run have shown, and by which clients; and what failed."""

    def __init__(self) -> None:
        self.clients: dict[Cell, set[str]] = {}
        self.failed: set[Cell] = set()
        self.claims: dict[str, list[tuple[Cell, str]]] = {}
        self.excess: list[str] = []


_PROPERTY: Final = "verifies"
_current: list[_Shown] = [_Shown()]
"""That of the running session: a report knows no configuration."""


def _collecting() -> _Shown:
    return _current[0]


def pytest_addoption(parser: pytest.Parser) -> None:
    """The option that names the page to write."""
    parser.addoption("--venue-table", metavar="FILE", help="write what the venues offer, as this run has shown it")


def pytest_configure(config: pytest.Config) -> None:
    """Begin with nothing shown."""
    config.stash[_KEY] = _current[0] = _Shown()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Note what each test is to show. Raises pytest.UsageError for a marker that names what is not in the table."""
    shown = config.stash[_KEY]
    for item in items:
        for marker in item.iter_markers("verifies"):
            venue, market, *capabilities = marker.args
            client = marker.kwargs.get("client", "hedgerow")
            unknown = [name for name in capabilities if name not in CAPABILITIES]
            if market not in MARKETS.get(venue, ()) or unknown or not capabilities:
                raise pytest.UsageError(
                    f"{item.nodeid}: verifies{marker.args} names what tests/capabilities.py does not"
                )
            shown.claims.setdefault(item.nodeid, []).extend(((venue, market, name), client) for name in capabilities)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Have the report carry what its test is to show: tests may run in processes of their own."""
    report = yield
    for cell, client in item.config.stash[_KEY].claims.get(item.nodeid, ()):
        report.user_properties.append((_PROPERTY, [*cell, client]))
    return report


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Note what a test has shown."""
    shown = _collecting()
    for name, value in report.user_properties:
        if name != _PROPERTY or not isinstance(value, list):
            continue
        venue, market, capability, client = value
        if report.failed:
            shown.failed.add((venue, market, capability))
        elif report.when == "call" and report.passed:
            shown.clients.setdefault((venue, market, capability), set()).add(client)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Write the page where that was asked for; else hold the page against a run of everything."""
    config = session.config
    if hasattr(config, "workerinput"):
        return  # one of several processes that run tests: the one that started them has it all
    shown, target = config.stash[_KEY], config.getoption("--venue-table")
    if target:
        Path(target).write_text(page(shown), encoding="utf-8")
    elif _is_whole(config) and PAGE.exists():
        shown.excess = excess(claimed(PAGE.read_text(encoding="utf-8")), shown.clients)
        if shown.excess:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say what the page claims without proof."""
    for line in terminalreporter.config.stash[_KEY].excess:
        terminalreporter.write_line(f"docs/venues.md claims what no test has shown: {line}", red=True)


def _is_whole(config: pytest.Config) -> bool:
    """True where all tests were to be run."""
    chosen = config.getoption("keyword") or config.getoption("markexpr") or config.getoption("collectonly")
    return not chosen and list(config.args) == list(config.getini("testpaths"))


def excess(claims: Mapping[Cell, str], shown: Mapping[Cell, Collection[str]]) -> list[str]:
    """The claims of a page that a run has not shown."""
    found = []
    for cell, text in claims.items():
        clients = {client.strip() for client in text.partition(";")[0].split(",")}
        if lacking := clients - set(shown.get(cell, ())):
            found.append(f"{' '.join(cell)}: {', '.join(sorted(lacking))}")
    return found


def page(shown: _Shown) -> str:
    """The whole page."""
    return _HEADER + "".join(_section(venue, shown) for venue in MARKETS)


def claimed(text: str) -> dict[Cell, str]:
    """What a page says of each cell that it calls verified: the clients."""
    cells: dict[Cell, str] = {}
    venue, markets = "", [""]
    for line in text.splitlines():
        if line.startswith("## "):
            venue = line.removeprefix("## ")
        elif line.startswith("| capability"):
            markets = [cell.strip() for cell in line.strip("|").split("|")][1:]
        elif line.startswith("| ") and venue:
            name, *values = (cell.strip() for cell in line.strip("|").split("|"))
            for market, value in zip(markets, values, strict=True):
                if value.startswith("verified: "):
                    cells[venue, market, name] = value.removeprefix("verified: ")
    return cells


def _section(venue: str, shown: _Shown) -> str:
    markets = MARKETS[venue]
    facts = importlib.import_module(f"feeds.{venue}.facts")
    rows = [f"\n## {venue}\n\n", f"| capability | {' | '.join(markets)} |\n", "|---" * (len(markets) + 1) + "|\n"]
    for capability in CAPABILITIES:
        cells = [_cell((venue, market, capability), facts, shown) for market in markets]
        rows.append(f"| {capability} | {' | '.join(cells)} |\n")
    return "".join(rows)


def _cell(cell: Cell, facts: ModuleType, shown: _Shown) -> str:
    _, market, capability = cell
    reasons = [
        (word, table[market, capability])
        for word, table in (("not offered", facts.NOT_OFFERED), ("estimated", facts.ESTIMATED))
        if (market, capability) in table
    ]
    clients = ", ".join(sorted(shown.clients.get(cell, ())))
    if cell in shown.failed:
        return "FAILED"
    if clients:
        return f"verified: {clients}" + "".join(f"; {word}: {reason}" for word, reason in reasons)
    return "; ".join(f"{word}: {reason}" for word, reason in reasons) or "—"

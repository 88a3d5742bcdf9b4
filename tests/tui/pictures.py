"""Draws the monitor's screens as SVG files, to be looked at with anything that shows SVG, such as a browser.

    python -m tests.tui.pictures FOLDER [--size 80x24 …] [--venues all] [--pin BTC=86000] [--theme NAME]

It is the real app on the demo's simulated exchange, driven by keys; without ``--size`` it is drawn at the usual sizes.
"""

from __future__ import annotations

import argparse
import asyncio
from pathlib import Path

from core.demo_book import LINEAR_MARKETS
from core.link import EngineLink
from core.snapshot import Mode
from feeds.sim.registry import parse_venues
from tui.app import HedgerowApp
from tui.cli.complete import is_complete
from tui.cli.wiring import Simulation, demo_book, load, parse_pins, running_engine
from tui.start import DisplayOptions

SIZES = ("40x12", "60x20", "80x24", "120x40", "200x60")
SCENES: dict[str, tuple[str, ...]] = {
    "monitor": (),
    **{f"panel-{digit}": (digit,) for digit in "123456789"},
    "marked": ("tab",),
    "frozen": ("space",),
    "private": ("p",),
    "scenarios": ("s",),
    "why": ("w", "down", "down", "down", "enter"),
    "alerts": ("A",),
    "help": ("question_mark",),
    "commands": ("colon",),
    "preview": ("plus", "plus", "enter"),
}
"""What is drawn, by the keys that lead there."""
UNDO = {"frozen": ("space",), "private": ("p",), "preview": ("x", "u"), "why": ("q",)}
"""The keys that lead back, where ``escape`` does not."""
SETTLE = 1.5
FIRST = 5.0
"""Seconds that an answer, and the first picture, may take."""


async def draw(link: EngineLink, theme: str, sizes: list[tuple[int, int]], folder: Path) -> int:
    """Every scene at every size; how many files were written."""
    app = HedgerowApp(link, DisplayOptions(theme=theme))
    written = 0
    async with app.run_test(size=sizes[0]) as pilot:
        for width, height in sizes:
            await pilot.resize_terminal(width, height)
            for name, keys in SCENES.items():
                await pilot.press(*keys)
                await pilot.pause(SETTLE if keys else 0)
                app.paint()
                await pilot.pause()
                svg = app.export_screenshot(title=f"{name} {width}x{height}")
                (folder / f"{name}-{width}x{height}.svg").write_text(svg, encoding="utf-8")
                written += 1
                await pilot.press(*UNDO.get(name, ("escape",)))
                await pilot.pause()
    return written


def main() -> int:
    """Draw them and say where."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--size", action="append", default=[], metavar="WIDTHxHEIGHT")
    parser.add_argument("--venues", default=next(iter(LINEAR_MARKETS)), help="as of hedgerow demo")
    parser.add_argument("--pin", action="append", default=[], metavar="COIN=PRICE")
    parser.add_argument("--theme", default="hedgerow")
    options = parser.parse_args()
    sizes = [(int(width), int(height)) for width, _, height in (size.partition("x") for size in options.size or SIZES)]
    venues = list(parse_venues(options.venues))
    options.folder.mkdir(parents=True, exist_ok=True)
    with Simulation(1, parse_pins(options.pin), venues) as simulation:
        load(venues)
        source = f"simulated {', '.join(venues)}, seed 1"
        with running_engine([demo_book(venues)], simulation.feeds(), mode=Mode.DEMO, source=source) as host:
            host.wait_until(is_complete, FIRST)
            written = asyncio.run(draw(host, options.theme, sizes, options.folder))
    print(f"{written} pictures in {options.folder}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())

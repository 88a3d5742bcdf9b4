"""What the monitor costs in a terminal: bytes, CPU, memory, time from key to paint, time from start to picture.

    python -m tests.bench.terminal [--size 120x40] [--seconds 10] [--keys 60] [-- COMMAND …]

Without a command it measures the monitor on a made-up market of 20 updates a second; ``-- hedgerow demo`` measures the
demo. The terminal is played by this program, so that nothing but the command is measured. ``painter`` is what a painter
written by hand for exactly the cells that changed would have sent: one move a run, one style a change of style.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import re
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

from tests.terminal.pseudo import Cells, PseudoTerminal, environment, runner

TICKS_A_SECOND = os.sysconf("SC_CLK_TCK")
SETTLE_SECONDS = 3.0
FRAME_GAP = 0.03
_TARGET = re.compile(r"target +(\d+\.\d)%")
_FIRST = re.compile(r"hedgerow")
_COMPLETE = re.compile(r"margin & liquidation.*\d\.\d%", re.DOTALL)


def main() -> int:
    """Measure and print one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", default="120x40")
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--keys", type=int, default=60)
    parser.add_argument("command", nargs="*")
    options = parser.parse_args()
    columns, rows = (int(part) for part in options.size.split("x"))
    command = options.command or runner("--hertz", "20")
    with PseudoTerminal(command, size=(columns, rows), env=environment()) as terminal:
        result: dict[str, object] = {"command": " ".join(command), "size": options.size}
        result |= start(terminal)
        terminal.read(SETTLE_SECONDS)
        result |= steady(terminal, options.seconds)
        result |= keys(terminal, options.keys)
        result |= memory(terminal.pid)
        terminal.send("q")
        result["exit_code"] = terminal.exit_code(5)
    json.dump(result, sys.stdout, indent=2)
    print()
    return 0


def start(terminal: PseudoTerminal) -> dict[str, object]:
    """Seconds until something is on the screen, and until the picture is complete."""

    def when(condition: Callable[[], bool], what: str) -> float:
        terminal.wait_for(condition, 30, what)
        return round(time.monotonic() - terminal.started, 3)

    first = when(lambda: _FIRST.search(terminal.text) is not None, "anything on the screen")
    complete = when(lambda: _COMPLETE.search(terminal.text) is not None, "a complete picture")
    return {"first_paint_s": first, "complete_paint_s": complete}


def steady(terminal: PseudoTerminal, seconds: float) -> dict[str, object]:
    """Bytes and CPU while nothing is done, beside what a painter of the changed cells would have sent."""
    cells = terminal.cells()
    sent = changed = painter = frames = 0
    process, view = cpu_seconds(terminal.pid)
    begin = time.monotonic()
    while (elapsed := time.monotonic() - begin) < seconds:
        got = terminal.read(FRAME_GAP)
        if not got:
            continue
        while more := terminal.read(FRAME_GAP):
            got += more
        sent += len(got)
        frames += 1
        now = terminal.cells()
        count, cost = painted(cells, now)
        changed, painter, cells = changed + count, painter + cost, now
    after_process, after_view = cpu_seconds(terminal.pid)
    return {
        "bytes_per_s": round(sent / elapsed),
        "painter_bytes_per_s": round(painter / elapsed),
        "ratio_to_painter": round(sent / painter, 2) if painter else None,
        "changed_cells_per_s": round(changed / elapsed, 1),
        "frames_per_s": round(frames / elapsed, 2),
        "cpu_percent_process": round(100 * (after_process - process) / elapsed, 2),
        "cpu_percent_view": round(100 * (after_view - view) / elapsed, 2),
    }


def painted(before: Cells, after: Cells) -> tuple[int, int]:
    """How many cells changed, and the bytes of moves, styles and characters that paint exactly those."""
    changed = cost = 0
    style: tuple[object, ...] | None = None
    for y, (old, new) in enumerate(zip(before, after, strict=True)):
        end = -1
        for x, (one, other) in enumerate(zip(old, new, strict=True)):
            if one == other:
                continue
            if x != end:
                cost += len(f"\x1b[{y + 1};{x + 1}H")
            if other[1:] != style:
                style = other[1:]
                cost += len(sgr(other))
            cost += len(other[0].encode())
            changed += 1
            end = x + 1
    return changed, cost + (len("\x1b[0m") if style is not None else 0)


def sgr(cell: tuple[str, str, str, bool, bool, bool, bool]) -> str:
    """The codes of one cell's style."""
    _character, foreground, background, *attributes = cell
    codes = ["0", *(code for code, on in zip(("1", "3", "4", "7"), attributes, strict=True) if on)]
    for colour, code in ((foreground, "38"), (background, "48")):
        if re.fullmatch(r"[0-9a-f]{6}", colour):
            codes.append(f"{code};2;{int(colour[:2], 16)};{int(colour[2:4], 16)};{int(colour[4:], 16)}")
        elif colour != "default":
            codes.append("31")
    return f"\x1b[{';'.join(codes)}m"


def keys(terminal: PseudoTerminal, count: int) -> dict[str, object]:
    """Milliseconds from a key that moves the target until the moved target is on the screen."""
    row = next((y for y, line in enumerate(terminal.screen.display) if _TARGET.search(line)), None)
    if row is None or not count:
        return {}
    taken: list[float] = []
    for index in range(count):
        terminal.read(random.uniform(0.05, 0.4))
        before = target(terminal, row)
        begin = time.monotonic()
        terminal.send("-" if index % 2 else "+")
        while time.monotonic() - begin < 2:
            terminal.read_some(0.5)
            if target(terminal, row) != before:
                taken.append(1000 * (terminal.last_read - begin))
                break
    taken.sort()
    return {
        "keys_answered": f"{len(taken)} of {count}",
        "key_to_paint_ms_p50": round(statistics.median(taken), 1),
        "key_to_paint_ms_p90": round(taken[int(0.9 * (len(taken) - 1))], 1),
        "key_to_paint_ms_p99": round(taken[int(0.99 * (len(taken) - 1))], 1),
        "key_to_paint_ms_max": round(taken[-1], 1),
    }


def target(terminal: PseudoTerminal, row: int) -> str:
    """The target ratio on the screen, read from its row alone: the whole screen would take longer than the key."""
    cells = terminal.screen.buffer[row]
    found = _TARGET.search("".join(cells[x].data for x in range(terminal.size[0])))
    return found[1] if found else ""


def cpu_seconds(pid: int) -> tuple[float, float]:
    """CPU seconds of the whole process, and of its main thread, which is the view's."""
    return _ticks(f"/proc/{pid}/stat"), _ticks(f"/proc/{pid}/task/{pid}/stat")


def _ticks(path: str) -> float:
    fields = Path(path).read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICKS_A_SECOND


def memory(pid: int) -> dict[str, object]:
    """Resident and private memory in MiB."""
    text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    sizes = {name: int(size) for name, size in re.findall(r"^(\w+): +(\d+) kB", text, re.MULTILINE)}
    private = sizes.get("Private_Clean", 0) + sizes.get("Private_Dirty", 0)
    return {"memory_mib": round(sizes["Rss"] / 1024, 1), "private_mib": round(private / 1024, 1)}


if __name__ == "__main__":
    raise SystemExit(main())

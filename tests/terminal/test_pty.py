"""The real monitor in a real pseudo terminal: one that stalls, hangs up, vanishes, is killed or changes its size."""

from __future__ import annotations

import os
import re
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.patience import PATIENCE
from tests.terminal.pseudo import Cells, PseudoTerminal, environment, runner

ALT_SCREEN_OFF = b"\x1b[?1049l"
CURSOR_SHOWN = b"\x1b[?25h"
MOUSE_OFF = b"\x1b[?1003l"
READY = "help"
WHOLE_SCREEN_BYTES = 120 * 40 // 2
"""More than the header's clock needs in minutes, and less than any picture of the whole screen at 120x40."""


@pytest.fixture
def terminal() -> Iterator[PseudoTerminal]:
    """The monitor, painted and ready."""
    with PseudoTerminal(runner("--mouse")) as opened:
        opened.wait_for_text(READY)
        yield opened


def ticks(path: Path) -> list[int]:
    """The engine's own record of its ticks, some four times a second: how many there have been."""
    lines = path.read_text().splitlines(keepends=True) if path.exists() else []
    return [int(line.split()[1]) for line in lines if line.endswith("\n")]


TICKS_A_SECOND = 20


def ended_soon(record: Path, since: int, started: float) -> bool:
    """Whether the process has ended within two seconds, told by its engine's ticks, which stand when it does; a machine
    that took more than one to start it has time in proportion."""
    return ticks(record)[-1] - since <= 2 * TICKS_A_SECOND * max(1.0, started)


def counted(record: Path) -> list[str]:
    """Options of the monitor by which its engine records its ticks."""
    return ["--hertz", str(TICKS_A_SECOND), "--ticks", str(record)]


def assert_restored(terminal: PseudoTerminal, within: int = 400) -> None:
    end = bytes(terminal.output)[-within:]
    for sequence in (ALT_SCREEN_OFF, CURSOR_SHOWN):
        assert sequence in end, f"{sequence!r} not in {end!r}"
    if b"\x1b[?1003h" in terminal.output:
        assert MOUSE_OFF in end


@pytest.mark.parametrize("unread", [60, pytest.param(240, marks=pytest.mark.slow)])
def test_an_unread_terminal_costs_the_engine_no_tick_and_shows_the_present_afterwards(
    tmp_path: Path, unread: int
) -> None:
    """The engine makes so many ticks, 20 a second, while nobody reads; held up by that, it would make none."""
    record = tmp_path / "ticks"
    with PseudoTerminal(runner(*counted(record), "--refresh", "8")) as terminal:
        terminal.wait_for_text(READY)
        _fill(terminal)
        begin = ticks(record)
        made = begin[-1] if begin else 0
        deadline = time.monotonic() + PATIENCE
        while ticks(record)[-1:] < [made + unread]:
            assert time.monotonic() < deadline, f"the engine stands at {ticks(record)[-1:]}, from {made} on"
            time.sleep(0.05)
        terminal.wait_for(lambda: _shown_tick(terminal) >= ticks(record)[-1] - 20, what="the present")
        terminal.send("q")
        assert terminal.exit_code() == 0


def _shown_tick(terminal: PseudoTerminal) -> int:
    """The engine's tick that the header names."""
    found = re.search(r"tick (\d+)", terminal.text)
    return int(found[1]) if found else -1


def _fill(terminal: PseudoTerminal) -> None:
    """Make the app write more than the kernel keeps, without reading any of it: full repaints, one after another."""
    for _ in range(40):
        terminal.send("\x0c")
        time.sleep(0.01)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_a_signal_restores_the_terminal_and_ends_the_process(terminal: PseudoTerminal, number: signal.Signals) -> None:
    terminal.signal(number)
    assert terminal.exit_code() == 128 + number
    assert_restored(terminal)


def test_quitting_restores_the_terminal(terminal: PseudoTerminal) -> None:
    terminal.send("q")
    assert terminal.exit_code() == 0
    assert_restored(terminal)


def test_a_signal_restores_a_terminal_that_has_stalled(terminal: PseudoTerminal) -> None:
    _fill(terminal)
    time.sleep(1.0)
    terminal.signal(signal.SIGTERM)
    assert terminal.exit_code(reading=False) == 128 + signal.SIGTERM
    terminal.read_left()
    assert_restored(terminal)


def _ignore_hangup() -> None:
    signal.signal(signal.SIGHUP, signal.SIG_IGN)


@pytest.mark.parametrize("ignored", [False, True], ids=["SIGHUP", "SIGHUP ignored"])
def test_a_closed_terminal_ends_the_process_within_two_seconds(tmp_path: Path, ignored: bool) -> None:
    record = tmp_path / "ticks"
    with PseudoTerminal(runner(*counted(record)), before_exec=_ignore_hangup if ignored else None) as terminal:
        started = terminal.wait_for_text(READY)
        terminal.wait_for(lambda: bool(ticks(record)), what="the engine's ticks")
        terminal.hang_up()
        since = ticks(record)[-1]
        assert terminal.exit_code() is not None
        assert ended_soon(record, since, started)


def test_a_terminal_that_vanishes_without_a_signal_ends_the_process_within_two_seconds(tmp_path: Path) -> None:
    """The terminal is not the process's controlling one, so that the kernel sends no SIGHUP."""
    record = tmp_path / "ticks"
    with PseudoTerminal([sys.executable, "-c", _IN_OTHER_SESSION, *runner(*counted(record))[1:]]) as terminal:
        started = terminal.wait_for_text(READY)
        terminal.wait_for(lambda: bool(ticks(record)), what="the engine's ticks")
        child = int(
            (Path("/proc") / str(terminal.pid) / "task" / str(terminal.pid) / "children").read_text().split()[0]
        )
        terminal.signal(signal.SIGSTOP)  # the terminal's owner must neither die nor pass the hang-up on
        terminal.hang_up()
        since = ticks(record)[-1]
        begin = time.monotonic()
        while time.monotonic() - begin < PATIENCE and _alive(child):
            time.sleep(0.02)
        assert not _alive(child)
        assert ended_soon(record, since, started)


_IN_OTHER_SESSION = """
import os, sys
child = os.fork()
if child == 0:
    os.setsid()
    os.execv(sys.executable, [sys.executable, *sys.argv[1:]])
os.waitpid(child, 0)
"""


def _alive(pid: int) -> bool:
    try:
        return "Z" not in Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except FileNotFoundError:
        return False


def test_sigcont_without_a_stop_starts_nothing_twice(terminal: PseudoTerminal) -> None:
    threads = len(os.listdir(f"/proc/{terminal.pid}/task"))
    for _ in range(3):
        terminal.signal(signal.SIGCONT)
        terminal.read(0.2)
    terminal.wait_for(lambda: len(os.listdir(f"/proc/{terminal.pid}/task")) <= threads, what="no more threads")
    terminal.send("?")
    terminal.wait_for_text("Raise the target")
    terminal.send("\x1b")
    terminal.wait_for_no_text("Raise the target")  # the help is closed by a lone escape


def test_sigcont_while_it_starts_leaves_it_its_screen() -> None:
    with PseudoTerminal(runner()) as terminal:

        def ready() -> bool:
            terminal.signal(signal.SIGCONT)
            return READY in terminal.text

        terminal.wait_for(ready, what="the monitor")
        terminal.send("?")
        terminal.wait_for_text("Raise the target")


def test_stop_and_continue_come_back_to_a_working_screen(terminal: PseudoTerminal) -> None:
    terminal.signal(signal.SIGTSTP)
    terminal.wait_for(lambda: ALT_SCREEN_OFF in bytes(terminal.output), what="the terminal given back")
    terminal.wait_for(terminal.stopped, what="the process stopped")
    seen = len(terminal.output)
    terminal.signal(signal.SIGCONT)
    terminal.wait_for(lambda: b"\x1b[?1049h" in bytes(terminal.output[seen:]), what="the alternate screen")
    terminal.wait_for_text("am I safe")
    terminal.send("q")
    assert terminal.exit_code() == 0


def test_the_screen_is_right_after_resizes_and_keys_in_a_real_terminal(terminal: PseudoTerminal) -> None:
    for size in ((80, 24), (200, 60), (50, 14), (120, 40)):
        terminal.resize(*size)
        terminal.read(0.6)
    terminal.send("+")
    for keys, shown in (("?", "Raise the target"), ("A", "no alerts, open or ended")):
        terminal.send(keys)
        terminal.wait_for_text(shown)
        terminal.send("\x1b")  # alone: with the next key it would be another
        terminal.wait_for_no_text(shown)
        for key in ("3", "3", "t", "t"):
            terminal.send(key)
            terminal.read(0.25)
    terminal.send(" ")  # hold the picture: only the header goes on
    terminal.wait_for_text("FROZEN")
    before = _still(terminal)
    written = len(terminal.output)
    terminal.send("\x0c")
    terminal.wait_for(lambda: len(terminal.output) > written + WHOLE_SCREEN_BYTES, what="the screen painted anew")
    assert _still(terminal) == before
    assert terminal.text.count("margin & liquidation") == 1


def _still(terminal: PseudoTerminal) -> Cells:
    """The screen below the header, once the header has gone on twice, by the seconds that it tells, without it."""
    body: Cells = []
    heads: list[Cells] = []

    def goes_on() -> bool:
        nonlocal body
        now = terminal.cells()
        if now[2:] != body:
            body = now[2:]
            heads.clear()
        if now[:2] not in heads[-1:]:
            heads.append(now[:2])
        return len(heads) > 2

    terminal.wait_for(goes_on, what="a screen that stands still")
    return body


def test_a_narrow_pipe_is_refused_in_words(tmp_path: Path) -> None:
    import subprocess

    for extra in ({}, {"TERM": "dumb"}):
        done = subprocess.run(
            runner(),
            env=environment(**extra),
            cwd=Path(__file__).parents[2],
            capture_output=True,
            text=True,
            timeout=PATIENCE,
        )
        assert done.returncode == 2
        assert "needs a terminal" in done.stderr
        assert "Traceback" not in done.stderr


def test_a_dumb_terminal_is_refused_in_words() -> None:
    with PseudoTerminal(runner(), env=environment(TERM="dumb")) as terminal:
        assert terminal.exit_code() == 2
        assert b"TERM is dumb" in bytes(terminal.output)


def test_leaving_an_engine_that_has_stopped_is_a_failure_that_says_why() -> None:
    with PseudoTerminal(runner("--dead-after", "20")) as terminal:
        terminal.wait_for_text("ENGINE STOPPED: the journal's disk is full")
        terminal.send("q")
        assert terminal.exit_code() == 1
        assert_restored(terminal, within=600)
        after = bytes(terminal.output).rpartition(ALT_SCREEN_OFF)[2]
        assert b"hedgerow: the engine had stopped: the journal's disk is full" in after


def test_signals_are_given_back_after_the_monitor(tmp_path: Path) -> None:
    report = tmp_path / "handlers"
    code = (
        "import signal, sys\n"
        "def mine(number, frame): pass\n"
        "for number in (signal.SIGTERM, signal.SIGCONT, signal.SIGHUP): signal.signal(number, mine)\n"
        "from tests.tui.samples import FakeLink\n"
        "from tui.app import run_monitor\n"
        "run_monitor(FakeLink())\n"
        "same = [signal.getsignal(number) is mine for number in (signal.SIGTERM, signal.SIGCONT, signal.SIGHUP)]\n"
        f"open({str(report)!r}, 'w').write(str(same))\n"
    )
    with PseudoTerminal([sys.executable, "-c", code]) as terminal:
        terminal.wait_for_text(READY)
        terminal.send("q")
        assert terminal.exit_code() == 0
    assert report.read_text() == "[True, True, True]"

"""The terminal's output never waits, whatever the terminal does."""

from __future__ import annotations

import asyncio
import itertools
import os
import pty
import tty
from collections.abc import Iterator

import pytest

from tests.support.patience import PATIENCE
from tui.driver import BACKLOG_LIMIT, TerminalOutput

Ends = tuple[int, int]


@pytest.fixture
def ends() -> Iterator[Ends]:
    """Both ends of a pseudo terminal: the terminal's and the program's."""
    master, slave = pty.openpty()
    tty.setraw(slave)
    yield master, slave
    for descriptor in (master, slave):
        try:
            os.close(descriptor)
        except OSError:
            continue


class Told:
    """Whether it has been called."""

    def __init__(self) -> None:
        self.times = 0

    def __call__(self) -> None:
        self.times += 1


async def output_on(slave: int, gone: Told | None = None) -> TerminalOutput:
    return TerminalOutput(slave, asyncio.get_running_loop(), gone or Told())


async def read_all(master: int, wanted: int) -> bytes:
    """Read until this many bytes have come, letting the loop write meanwhile."""
    got = b""
    os.set_blocking(master, False)
    async with asyncio.timeout(PATIENCE):
        while len(got) < wanted:
            try:
                got += os.read(master, 65_536)
            except BlockingIOError:
                await asyncio.sleep(0.001)
    return got


async def test_what_is_written_arrives_in_order(ends: Ends) -> None:
    master, slave = ends
    output = await output_on(slave)
    expected = "one zwei ≈ 三".encode()
    for text in ("one ", "zwei ≈ ", "三"):
        output.write(text)
    assert output.backlog == 0
    assert await read_all(master, len(expected)) == expected
    output.close()


async def test_a_terminal_that_does_not_read_costs_no_time_and_gets_everything_later(ends: Ends) -> None:
    master, slave = ends
    output = await output_on(slave)
    text = "".join(f"{index:06d}" for index in range(50_000))
    output.write(text)
    assert output.backlog > 0, "it has not waited until all was taken: for nobody reads"
    drained = asyncio.Event()
    output.call_when_drained(drained.set)
    async with asyncio.timeout(PATIENCE):
        while output.stalled_seconds < 0.04:  # noqa: ASYNC110 - the kernel may take more a little later
            await asyncio.sleep(0.01)
    assert not drained.is_set()
    assert await read_all(master, len(text)) == text.encode()
    await asyncio.wait_for(drained.wait(), PATIENCE)
    assert output.backlog == 0
    assert output.stalled_seconds == 0
    output.close()


async def test_the_backlog_has_a_limit(ends: Ends) -> None:
    _master, slave = ends
    output = await output_on(slave)
    for _ in range(40):
        output.write("x" * 100_000)
    assert output.backlog <= BACKLOG_LIMIT
    output.close()


async def test_a_terminal_that_has_gone_is_told_once_and_nothing_is_kept_for_it(ends: Ends) -> None:
    master, slave = ends
    told = Told()
    output = await output_on(slave, told)
    os.close(master)
    for _ in range(3):
        output.write("anybody there?")
    assert told.times == 1
    assert output.backlog == 0
    output.close()


async def test_closing_a_stalled_terminal_is_bounded_and_makes_room_for_the_last_bytes(ends: Ends) -> None:
    master, slave = ends
    output = await output_on(slave)
    output.write("x" * 300_000)
    await asyncio.sleep(0.05)
    output.discard()
    output.write("\x18restored")
    output.close()
    got = _left_in(master)
    assert len(got) < 300_000
    assert got.endswith(b"\x18restored")


def _left_in(master: int) -> bytes:
    """What can be read now."""
    os.set_blocking(master, False)
    got = b""
    while True:
        try:
            got += os.read(master, 65_536)
        except BlockingIOError:
            return got


@pytest.mark.parametrize("frames", [["x" * 300_000], ["x" * 100_000] * 40, []], ids=["deep", "full", "none"])
async def test_what_restores_a_terminal_is_written_whatever_waits_before_it(ends: Ends, frames: list[str]) -> None:
    """The terminal stops reading in the moment in which it is to be restored: nothing tells yet that it has stalled."""
    master, slave = ends
    output = await output_on(slave)
    for frame in frames:
        output.write(frame)
    output.begin_last()
    output.write("rest")
    output.write("ored")
    output.close()
    got = _left_in(master)
    assert got.endswith(b"restored")
    assert len(got) < 300_000
    assert (b"\x18restored" in got) is bool(frames), "what was cut off in the middle is ended"


async def test_what_restores_a_terminal_is_written_by_a_process_that_stood_for_long(
    ends: Ends, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Stopped or starved while it closes: the time for that is over before anything was tried."""
    master, slave = ends
    output = await output_on(slave)
    output.write("x" * 300_000)
    output.begin_last()
    output.write("restored")
    hours = itertools.count(step=3600)
    with monkeypatch.context() as changed:
        changed.setattr("tui.driver.time.monotonic", lambda: float(next(hours)))
        output.close()
    assert _left_in(master).endswith(b"\x18restored")


async def test_the_shells_own_descriptor_keeps_waiting_for_the_terminal(ends: Ends) -> None:
    """Whether writes wait is shared by everybody who has inherited the descriptor: it must not be changed there."""
    _master, slave = ends
    output = await output_on(slave)
    assert os.get_blocking(slave)
    output.close()
    assert os.get_blocking(slave)
    os.fstat(slave)

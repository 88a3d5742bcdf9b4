"""A command told to leave while it starts leaves, once, where it is safe."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator

import pytest

from tui.cli.signals import LEAVING, deferred_signals


@pytest.fixture(autouse=True)
def _usual_handlers() -> Iterator[None]:
    """Whoever runs the tests may ignore some signals, as a background job does."""
    before = {number: signal.signal(number, signal.SIG_DFL) for number in LEAVING}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.parametrize("number", LEAVING)
def test_a_signal_is_noted_and_leaves_at_the_next_check(number: signal.Signals) -> None:
    with deferred_signals() as signals:
        signals.check()
        os.kill(os.getpid(), number)
        with pytest.raises(SystemExit) as caught:
            signals.check()
    assert caught.value.code == 128 + number


@pytest.mark.parametrize("ask", ["check", "hand_over"])
def test_the_first_of_several_signals_counts(ask: str) -> None:
    with deferred_signals() as signals:
        os.kill(os.getpid(), signal.SIGTERM)
        os.kill(os.getpid(), signal.SIGINT)
        leave: Callable[[], None] = getattr(signals, ask)
        with pytest.raises(SystemExit) as caught:
            leave()
    assert caught.value.code == 143


def test_after_handing_over_a_signal_comes_again_to_whoever_handles_it_then() -> None:
    arrived = threading.Event()
    with deferred_signals() as signals:
        signals.hand_over()
        os.kill(os.getpid(), signal.SIGTERM)
        signal.signal(signal.SIGTERM, lambda *_: arrived.set())
        assert arrived.wait(10)
        signal.signal(signal.SIGTERM, signals.note)


def test_handlers_are_put_back_and_ignored_signals_stay_ignored() -> None:
    before = [signal.getsignal(number) for number in LEAVING]
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with deferred_signals() as signals:
            assert signal.getsignal(signal.SIGTERM) == signals.note
            os.kill(os.getpid(), signal.SIGHUP)
            signals.check()
        assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, before[LEAVING.index(signal.SIGHUP)])
    assert [signal.getsignal(number) for number in LEAVING] == before

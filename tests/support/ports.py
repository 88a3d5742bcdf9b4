"""Ports for a server that has to be started on a number known before it."""

from __future__ import annotations

import contextlib
import random
import socket

#: Below the ports that the kernel gives to outgoing connections and to whoever asks for any free one (from 32,768 on
#: with Linux, 49,152 elsewhere): other tests on this machine, which all ask for any, never take one of these.
_RANGE = range(20_000, 32_000)


def ports_in_a_row(count: int) -> int:
    """The first of ``count`` consecutive ports of 127.0.0.1 on which nobody listens. Raises AssertionError for none."""
    draw = random.SystemRandom()
    for _ in range(100):
        first = draw.choice(_RANGE)
        with contextlib.ExitStack() as stack:
            try:
                for port in range(first, first + count):
                    stack.enter_context(socket.create_server(("127.0.0.1", port)))
            except OSError:
                continue
            return first
    raise AssertionError(f"no {count} free ports in a row within {_RANGE}")

"""A relay between a client and a server that can swallow everything while all its sockets stay open."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator


class Relay:
    """Passes bytes both ways. After :meth:`swallow`, nothing on the connections open by then goes anywhere."""

    def __init__(self, target: int) -> None:
        self.port = 0
        self._target = target
        self._dead: set[asyncio.Task[None]] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._writers: list[asyncio.StreamWriter] = []

    def swallow(self) -> None:
        """From now on the connections open now are half open: no byte passes, none of them closes."""
        self._dead |= self._tasks

    async def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Relay one connection."""
        back, forth = await asyncio.open_connection("127.0.0.1", self._target)
        self._writers += [writer, forth]
        for source, sink in ((reader, forth), (back, writer)):
            self._tasks.add(asyncio.create_task(self._pump(source, sink)))

    async def _pump(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while block := await source.read(65_536):
                if asyncio.current_task() not in self._dead:
                    sink.write(block)
        if asyncio.current_task() not in self._dead:
            sink.close()

    async def close(self) -> None:
        """Close everything."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for writer in self._writers:
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()


@contextlib.asynccontextmanager
async def relay_to(port: int) -> AsyncIterator[Relay]:
    """A relay to a port of loopback, on a port of its own."""
    relay = Relay(port)
    async with await asyncio.start_server(relay.accept, "127.0.0.1", 0) as listening:
        relay.port = listening.sockets[0].getsockname()[1]
        try:
            yield relay
        finally:
            await relay.close()

"""The one writer: everything that changes an engine goes through a :class:`Runner`, live and in replay alike."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from core.commands import AnyCommand
from core.events import AnyEvent
from core.orders import OrderRequest
from core.scenarios import Scenarios
from core.snapshot import AlertView, Snapshot


class EngineCore(Protocol):
    """What running an engine takes; ``core.engine.Engine`` is one."""

    @property
    def scenarios(self) -> Scenarios:
        """What is reckoned for whoever looks at scenarios."""
        ...

    def apply(self, event: AnyEvent) -> None:
        """Take in one event."""
        ...

    def command(self, command: AnyCommand, now_ns: int) -> None:
        """Do what a user asks."""
        ...

    def advance(self, now_ns: int) -> None:
        """Time has passed."""
        ...

    def snapshot(self, now_ns: int) -> Snapshot:
        """Cut the picture."""
        ...

    def take_orders(self) -> Sequence[OrderRequest]:
        """Orders confirmed since last asked."""
        ...

    def take_news(self) -> Sequence[AlertView]:
        """Alerts raised or ended since last asked."""
        ...


class Broker(Protocol):
    """Whoever carries out orders; ``feeds.paper.PaperBroker`` is one."""

    def observe(self, event: AnyEvent) -> Sequence[AnyEvent]:
        """Learn from an event; what follows from it."""
        ...

    def submit(self, order: OrderRequest, now_ns: int) -> Sequence[AnyEvent]:
        """Carry out an order; its fate."""
        ...


class Runner:
    """Hands events, commands and time to an engine and orders to a broker. One thread at a time."""

    def __init__(self, engine: EngineCore, broker: Broker) -> None:
        self.engine, self._broker = engine, broker

    def apply(self, event: AnyEvent) -> None:
        """Take in one event, and whatever the broker makes of it."""
        self.engine.apply(event)
        for consequence in self._broker.observe(event):
            self.engine.apply(consequence)

    def command(self, command: AnyCommand, now_ns: int) -> None:
        """Do what a user asks; orders that it confirms go out before this returns."""
        self.engine.command(command, now_ns)
        self._send_orders(now_ns)

    def advance(self, now_ns: int) -> bool:
        """Time has passed; True where an alert was raised or ended since last asked."""
        self.engine.advance(now_ns)
        self._send_orders(now_ns)
        return bool(self.engine.take_news())

    def _send_orders(self, now_ns: int) -> None:
        for order in self.engine.take_orders():
            for event in self._broker.submit(order, now_ns):
                self.engine.apply(event)

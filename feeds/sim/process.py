"""A simulated exchange as a child process, for the demo and for tests. It dies with its parent, however that ends."""

from __future__ import annotations

import os
import selectors
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from types import TracebackType
from typing import IO, Any

import msgspec

from core.errors import VenueError
from feeds.venue import Endpoints

START_SECONDS = 60.0  # a second on a good machine; a busy one takes its time
STOP_SECONDS = 5.0
CONTROL_SECONDS = 30.0  # an answer takes a step of the market, or as long as a busy machine makes it


class ApiKey(msgspec.Struct, frozen=True):
    """A test key of the simulated exchange; ``permissions`` is ``trade``, ``read`` or ``withdraw``.

    ``passphrase`` is empty where the venue's keys have none.
    """

    venue: str
    key: str
    secret: str
    permissions: str = "trade"
    passphrase: str = ""


class _Announcement(msgspec.Struct, frozen=True):
    venues: dict[str, Endpoints]
    api_keys: tuple[ApiKey, ...] = ()
    control: str = ""


class SimulatorProcess:
    """A running simulator. ``venues`` by name, ``api_keys`` for its private sides, ``control`` for its faults."""

    def __init__(self, process: subprocess.Popen[bytes], announcement: _Announcement) -> None:
        self._process = process
        self.venues: Mapping[str, Endpoints] = announcement.venues
        self.api_keys: Sequence[ApiKey] = announcement.api_keys
        self.control_url = announcement.control

    @property
    def pid(self) -> int:
        """The child's process id."""
        return self._process.pid

    def api_key(self, venue: str, permissions: str = "trade") -> ApiKey:
        """A venue's key with these permissions. Raises KeyError."""
        for key in self.api_keys:
            if (key.venue, key.permissions) == (venue, permissions):
                return key
        raise KeyError(f"{venue} {permissions}")

    def control(self, fault: str, **parameters: Any) -> dict[str, Any]:
        """Inject a named fault (see ``feeds.sim.faults``). Raises VenueError where it is refused."""
        import httpx  # slow to import, and the demo has no use for it while it starts

        answer = httpx.post(
            self.control_url, json={"fault": fault, **parameters}, timeout=CONTROL_SECONDS, trust_env=False
        )
        body: dict[str, Any] = answer.json()
        if answer.status_code != 200:
            raise VenueError("simulator", str(answer.status_code), str(body.get("error", "")))
        return body

    def topics(self, venue: str) -> list[str]:
        """What is served to the venue's websockets now, by the simulator's own names."""
        served: list[str] = self._state(venue)["topics"]
        return served

    def now_ms(self, venue: str) -> int:
        """The time of the venue's last step."""
        return int(self._state(venue)["now_ms"])

    def _state(self, venue: str) -> dict[str, Any]:
        import httpx  # as above

        answer = httpx.get(self.control_url, timeout=CONTROL_SECONDS, trust_env=False)
        state: dict[str, Any] = answer.json()["venues"][venue]
        return state

    def stop(self) -> None:
        """End the child and wait for it; again is harmless."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()

    def __enter__(self) -> SimulatorProcess:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def start_simulator(
    *,
    venues: Sequence[str] | None = None,
    seed: int = 1,
    pins: Mapping[str, Decimal] | None = None,
    port: int = 0,
    funding_every: int | None = None,
    more: Sequence[str] = (),
) -> SimulatorProcess:
    """Start a simulator and wait until it listens. Raises VenueError if it does not.

    ``venues`` are those to start, all for ``None``; ``pins`` holds coins at prices; ``more`` are further options of
    ``hedgerow sim``. The child watches a pipe that only this process holds open, and so ends with it even if this
    process is killed.
    """
    command = [sys.executable, "-m", "feeds.sim", "--until-stdin-closes", "--port", str(port), "--seed", str(seed)]
    if venues is not None:
        command += ["--venues", ",".join(venues)]
    for coin, price in (pins or {}).items():
        command += ["--pin", f"{coin}={price}"]
    if funding_every is not None:
        command += ["--funding-every", str(funding_every)]
    root = str(Path(__file__).parents[2])
    paths = [root, *filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep))]
    with tempfile.TemporaryFile() as complaints:
        process = subprocess.Popen(  # noqa: S603 - our own module under our own interpreter
            [*command, *more],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=complaints,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)},
            start_new_session=True,
        )
        line = _first_line(process)
        try:
            return SimulatorProcess(process, msgspec.json.decode(line, type=_Announcement))
        except msgspec.DecodeError:
            SimulatorProcess(process, _Announcement({})).stop()
            raise VenueError("simulator", "start", _tail(complaints) or "it printed no addresses") from None


def _first_line(process: subprocess.Popen[bytes]) -> bytes:
    """The child's first line, or what there is of it when it ends or takes too long."""
    assert process.stdout is not None
    deadline, line = time.monotonic() + START_SECONDS, b""
    with selectors.DefaultSelector() as selector:
        selector.register(process.stdout, selectors.EVENT_READ)
        while not line.endswith(b"\n"):
            if not selector.select(max(0.0, deadline - time.monotonic())):
                break
            part = os.read(process.stdout.fileno(), 65_536)
            if not part:
                break
            line += part
    return line


def _tail(complaints: IO[bytes]) -> str:
    complaints.seek(0)
    return complaints.read().decode(errors="replace").strip()[-500:]

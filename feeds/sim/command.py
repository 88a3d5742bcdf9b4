"""The command line of the simulated exchange: options, the one JSON line, and serving until told to stop."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import errno
import gc
import ipaddress
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation

from core.errors import RequestError
from feeds.sim.registry import VENUES, parse_venues
from feeds.sim.simulator import Simulator, SimulatorOptions
from feeds.sim.wire import encode, wall_ms

REFUSED = 2
"""Exit status for options that are refused and ports that are taken."""

DESCRIPTION = """\
Serve simulated venues on local ports, each in its own wire format, for the demo, for tests and for any client.
When it listens it prints one JSON line with every venue's REST and websocket base addresses, test API keys and the
control address, and then serves until SIGINT or SIGTERM. One seed gives one market. Faults are injected through the
control address (GET it for the list), or come by themselves with --weather."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of ``hedgerow sim`` and ``python -m feeds.sim``."""
    text = {
        "venues": f"all, or some of {', '.join(VENUES)} with commas between them (default: %(default)s)",
        "port": "first of consecutive ports: the venues in the order above, control (default: 0 takes free ones)",
        "host": "address to listen on (default: %(default)s)",
        "remote": "permit a host other than this machine itself",
        "seed": "which market to play (default: %(default)s)",
        "pin": "hold a coin at a price, such as BTC=48000; may be repeated",
        "funding": "settle funding this often instead of at each contract's own interval",
        "lifetime": "when a venue that limits it cuts a websocket (default: %(default)s)",
        "idle": "list so many more contracts that never trade at venues with pages of them",
        "weather": "strike a random sequence of faults; one seed gives one sequence",
        "weather_every": "average time from one fault of the weather to the next (default: %(default)s)",
        "stdin": "also stop when standard input ends, as it does when the parent process dies",
    }
    parser.add_argument("--venues", default="all", metavar="NAMES", help=text["venues"])
    parser.add_argument("--port", type=int, default=0, help=text["port"])
    parser.add_argument("--host", default="127.0.0.1", help=text["host"])
    parser.add_argument("--allow-remote", action="store_true", help=text["remote"])
    parser.add_argument("--seed", type=int, default=1, help=text["seed"])
    parser.add_argument("--pin", action="append", default=[], metavar="COIN=PRICE", help=text["pin"])
    parser.add_argument("--funding-every", type=int, metavar="SECONDS", help=text["funding"])
    parser.add_argument("--lifetime", type=int, default=86_400, metavar="SECONDS", help=text["lifetime"])
    parser.add_argument("--idle-contracts", type=int, default=0, metavar="COUNT", help=text["idle"])
    parser.add_argument("--weather", type=int, metavar="SEED", help=text["weather"])
    parser.add_argument("--weather-every", type=int, default=20, metavar="SECONDS", help=text["weather_every"])
    parser.add_argument("--until-stdin-closes", action="store_true", help=text["stdin"])


def run(arguments: argparse.Namespace) -> int:
    """Serve until stopped; the exit status."""
    try:
        options = _options(arguments)
        simulator = Simulator(options, wall_ms())
    except RequestError as error:
        return _refuse(str(error))
    try:
        asyncio.run(_serve(simulator, watch_stdin=arguments.until_stdin_closes))
    except OSError as error:
        return _refuse(_port_trouble(error, options))
    return 0


def main(arguments: Sequence[str] | None = None) -> int:
    """``python -m feeds.sim``."""
    parser = argparse.ArgumentParser(prog="python -m feeds.sim", description=DESCRIPTION)
    add_arguments(parser)
    return run(parser.parse_args(arguments))


def parse_pins(texts: Sequence[str]) -> Mapping[str, Decimal]:
    """``COIN=PRICE`` texts as prices by coin. Raises RequestError."""
    pins: dict[str, Decimal] = {}
    for text in texts:
        coin, separator, price = text.partition("=")
        try:
            pins[coin.strip().upper()] = Decimal(price)
        except InvalidOperation:
            separator = ""
        if not separator:
            raise RequestError("--pin", "COIN=PRICE, such as BTC=48000", text)
    return pins


def _options(arguments: argparse.Namespace) -> SimulatorOptions:
    if not arguments.allow_remote and not _loopback(arguments.host):
        raise RequestError("--host", "a loopback address, or --allow-remote beside it", arguments.host)
    if not 0 <= arguments.port <= 65_500:
        raise RequestError("--port", "0, or a port from 1 to 65500", str(arguments.port))
    if arguments.funding_every is not None and not 1 <= arguments.funding_every <= 28_800:
        raise RequestError("--funding-every", "1 to 28800 seconds", str(arguments.funding_every))
    if arguments.lifetime < 1:
        raise RequestError("--lifetime", "1 second or more", str(arguments.lifetime))
    if not 0 <= arguments.idle_contracts <= 5_000:
        raise RequestError("--idle-contracts", "0 to 5000", str(arguments.idle_contracts))
    if arguments.weather_every < 1:
        raise RequestError("--weather-every", "1 second or more", str(arguments.weather_every))
    return SimulatorOptions(
        venues=parse_venues(arguments.venues),
        host=arguments.host,
        port=arguments.port,
        seed=arguments.seed,
        pins=parse_pins(arguments.pin),
        funding_every=arguments.funding_every,
        lifetime_seconds=arguments.lifetime,
        idle_contracts=arguments.idle_contracts,
        weather=arguments.weather,
        weather_seconds=arguments.weather_every,
    )


def _loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


async def _serve(simulator: Simulator, *, watch_stdin: bool) -> None:
    stopped, loop = asyncio.Event(), asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopped.set)
    if watch_stdin:
        loop.add_reader(sys.stdin.fileno(), _on_stdin, stopped)
    try:
        print(encode(await simulator.start()).decode(), flush=True)
        gc.freeze()
        ends = [asyncio.create_task(stopped.wait()), asyncio.create_task(simulator.failed())]
        done, waiting = await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
        for task in waiting:
            task.cancel()
        for task in done:
            task.result()
    finally:
        if watch_stdin:
            loop.remove_reader(sys.stdin.fileno())
        await simulator.stop()


def _on_stdin(stopped: asyncio.Event) -> None:
    with contextlib.suppress(BlockingIOError):
        if not os.read(sys.stdin.fileno(), 4096):
            stopped.set()


def _port_trouble(error: OSError, options: SimulatorOptions) -> str:
    if error.errno == errno.EADDRINUSE:
        ports = f"a port from {options.port} on is already in use on {options.host}"
        return f"{ports}; choose another --port, or 0 for free ones"
    return f"cannot listen on {options.host}: {error.strerror or error}"


def _refuse(message: str) -> int:
    print(f"sim: {message}", file=sys.stderr)
    return REFUSED

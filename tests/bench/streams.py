"""A venue's busiest stream at 10,000 frames a second for a minute: what it costs us, ccxt.pro and cryptofeed.

``python -m tests.bench.streams [--seconds 60] [--others 60] [--cryptofeed PYTHON]`` runs, for each venue, a server and
one client after the other, each in a process of its own, and prints a table; it asserts nothing. ``taken`` is the share
of the rate that the client took; of ours the frames sent are compared with those decoded too. Frames on a venue's other
channels come on top of the rate. The figures vary with the machine and what else it does: read the ratios. All
processes end by themselves.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from typing import Any

from tests.bench.stream_server import ANSWERS

RATE = 10_000.0
CRYPTOFEED = ("binance", "bybit")
"""The venues that it knows, with this stream."""
GRACE_SECONDS = 60.0


def measure(command: list[str], venue: str, rate: float, seconds: float) -> tuple[dict[str, Any], dict[str, Any]]:
    """What the client found, and what the server has sent; empty for whichever failed."""
    server = subprocess.Popen(
        [sys.executable, "-m", "tests.bench.stream_server", venue, str(rate), str(seconds)],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert server.stdout is not None
    try:
        port = server.stdout.readline().strip()
        done = subprocess.run(
            [*command, venue, port, str(seconds)],
            capture_output=True,
            text=True,
            timeout=seconds + GRACE_SECONDS,
            check=False,
        )
        sent = server.stdout.readline() if done.stdout else ""
    except subprocess.TimeoutExpired:
        return {}, {}
    finally:
        server.kill()
        server.wait()
    if not done.stdout:
        print(f"{venue}: {done.stderr.strip()[-400:]}", file=sys.stderr)
    return json.loads(done.stdout.splitlines()[-1]) if done.stdout else {}, json.loads(sent) if sent else {}


def row(venue: str, name: str, found: dict[str, Any], sent: dict[str, Any], base: float, rate: float) -> str:
    """One client on one venue."""
    if not found or not found["taken"]:
        return f"{venue:9}{name:12}could not be measured {'; '.join(found.get('trouble', ()))}"
    memory = " ".join(f"{kb / 1024:6.1f}" for kb in found["resident_kb"])
    text = f"{venue:9}{name:12}{100 * found['taken'] / found['wall'] / rate:6.1f}%{found['micros']:9.2f}"
    text += f"{found['micros'] / base if base else 0:7.2f}  {memory}{found['slope']:9.0f}"
    if "delay_ms" in found:
        text += "  " + " ".join(f"{delay:5d}" for delay in found["delay_ms"])
        lost = sent["sent"] - found["frames"] if sent else None
        text += f"  sent {sent.get('sent')}, lost {lost}, held back {sent.get('held_back')}, events {found['events']}"
    return text + "".join(f"  [{words}]" for words in found.get("trouble", ()))


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.streams", description=__doc__)
    parser.add_argument("--venues", nargs="+", choices=tuple(ANSWERS), default=list(ANSWERS))
    parser.add_argument("--seconds", type=float, default=60.0, help="how long ours is sent the stream")
    parser.add_argument("--others", type=float, help="how long the others are, if not as long")
    parser.add_argument("--rate", type=float, default=RATE, help="frames a second")
    parser.add_argument("--cryptofeed", metavar="PYTHON", help="an interpreter that has cryptofeed")
    options = parser.parse_args()
    others = options.others or options.seconds
    print(f"{options.rate:,.0f} frames a second for {options.seconds:.0f} s (the others {others:.0f} s)")
    print(f"{os.cpu_count()} cores, load {' '.join(f'{load:.1f}' for load in os.getloadavg())}")
    print(f"{'':21}{'taken':>7}{'µs each':>9}{'x ours':>7}  MB at 1/6, 1/2, end  kB/min  delay ms: half, 99%, highest")
    here = [sys.executable, "-m", "tests.bench.stream_clients"]
    for venue in options.venues:
        clients = {"ours": [*here, "ours"], "ccxt.pro": [*here, "ccxt.pro"]}
        if options.cryptofeed and venue in CRYPTOFEED:
            clients["cryptofeed"] = [options.cryptofeed, "-m", "tests.bench.stream_cryptofeed"]
        base = 0.0
        for name, command in clients.items():
            seconds = options.seconds if name == "ours" else others
            found, sent = measure(command, venue, options.rate, seconds)
            base = base or float(found.get("micros", 0.0))
            print(row(venue, name, found, sent, base, options.rate), flush=True)
    print(f"load {' '.join(f'{load:.1f}' for load in os.getloadavg())}")


if __name__ == "__main__":
    main()

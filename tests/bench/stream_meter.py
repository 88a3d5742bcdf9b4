"""What a client of a stream costs: CPU, memory and frames taken, watched from a thread. Imports nothing but Python."""

from __future__ import annotations

import json
import os
import resource
import threading
import time
from pathlib import Path

BEGUN_FRAMES = 200
"""So many frames mean that the stream flows, and no longer that requests are answered."""
OPENING_SECONDS = 40.0


class Meter:
    """``frames`` is counted up by the client; ``ended`` says that the server has said goodbye."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.frames = 0
        self.ended = threading.Event()
        self._samples: list[tuple[float, float]] = []

    def watch(self, *, to_the_end: bool) -> dict[str, object]:
        """Measure from when the stream flows: until the server has ended it, or for its seconds only."""
        deadline = time.monotonic() + OPENING_SECONDS
        while self.frames < BEGUN_FRAMES and time.monotonic() < deadline:
            time.sleep(0.02)
        start, cpu, frames = time.monotonic(), time.process_time(), self.frames
        end = start + self.seconds + (5.0 if to_the_end else 0.0)
        while (now := time.monotonic()) < end and not self.ended.is_set():
            if now - start < self.seconds:
                self._samples.append((now - start, _resident_kb()))
            self.ended.wait(min(0.5, end - now))
        taken, wall = self.frames - frames, time.monotonic() - start
        return {
            "frames": self.frames,
            "taken": taken,
            "wall": wall,
            "micros": 1e6 * (time.process_time() - cpu) / taken if taken else 0.0,
            "resident_kb": [self._at(share * self.seconds) for share in (1 / 6, 1 / 2, 1)],
            "slope": self._slope(),
        }

    def _at(self, moment: float) -> float:
        return next((kb for at, kb in reversed(self._samples) if at <= moment), 0.0)

    def _slope(self) -> float:
        """kB a minute, by least squares from a sixth of the time on: what comes before is start-up."""
        late = [sample for sample in self._samples if sample[0] >= self.seconds / 6]
        if len(late) < 3:
            return 0.0
        mean_at = sum(at for at, _ in late) / len(late)
        mean_kb = sum(kb for _, kb in late) / len(late)
        spread = sum((at - mean_at) ** 2 for at, _ in late)
        return 60 * sum((at - mean_at) * (kb - mean_kb) for at, kb in late) / spread


def say(answer: dict[str, object]) -> None:
    """One line for whoever started this process."""
    print(json.dumps(answer), flush=True)


def end_process() -> None:
    """Without waiting for a client that has no way to be stopped."""
    os._exit(0)


def _resident_kb() -> float:
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
    except OSError:  # where there is no such file, the highest so far
        return float(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
    return pages * resource.getpagesize() / 1024

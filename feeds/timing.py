"""How long a connection waits, for what, and how often it tries."""

from __future__ import annotations

import msgspec


class Timing(msgspec.Struct, frozen=True, kw_only=True):
    """Every limit of a connection, in seconds unless it says otherwise; the defaults are for real venues.

    From the moment a venue stops sending, ``first_data_seconds`` (or the channel's own, shorter limit) pass until
    the channel is SILENT; a further wait of that length after asking again until the socket is given up.
    """

    open_seconds: float = 5.0
    first_data_seconds: float = 8.0
    send_seconds: float = 5.0
    send_gap_seconds: float = 0.25
    """Between two frames we send: venues cut clients that send more than 5 a second."""
    refused_retry_seconds: float = 60.0
    quiet_seconds: float = 4.0
    """A socket on which nothing at all has come for so long is pinged. A pong proves no data, but none proves that the
    connection is dead."""
    pong_seconds: float = 4.0
    first_delay_seconds: float = 1.0
    longest_delay_seconds: float = 30.0
    longest_swap_delay_seconds: float = 300.0
    stay_away_seconds: float = 600.0
    """The longest ``Retry-After`` that is obeyed."""
    steady_seconds: float = 10.0
    """Data for this long proves a connection good: only then does the next delay start from the first again."""
    attempts: int = 12
    attempts_window_seconds: float = 60.0
    read_hz: float | None = 50.0
    largest_frame_bytes: int = 1 << 20
    """A longer frame is a fault and is dropped; the connection lives."""
    hard_limit_bytes: int = 32 << 20
    """A longer frame is not even read; the connection has to be given up."""


DEFAULT_TIMING = Timing()

"""Writing Protocol Buffers messages: as much as the pushes of MEXC's spot stream need.

Source: https://protobuf.dev/programming-guides/encoding and https://github.com/mexcdevelop/websocket-proto
"""

from __future__ import annotations

from collections.abc import Mapping

_VARINT, _BYTES = 0, 2
ACCOUNT, MINI_TICKER, BOOK_TICKER = 307, 309, 315
"""Numbers of the bodies of a push."""


def push(channel: str, symbol: str, body: int, fields: Mapping[int, str | int], now_ms: int) -> bytes:
    """A push with one body; ``fields`` of the body by number."""
    content = message(fields)
    head = message({1: channel, 3: symbol, 5: now_ms - 2, 6: now_ms})
    return head + _varint(body << 3 | _BYTES) + _varint(len(content)) + content


def message(fields: Mapping[int, str | int]) -> bytes:
    """A message of texts and numbers; empty ones are left out, as the format has it."""
    parts = []
    for number, value in fields.items():
        if isinstance(value, int):
            if value:
                parts.append(_varint(number << 3 | _VARINT) + _varint(value))
        elif value:
            raw = value.encode()
            parts.append(_varint(number << 3 | _BYTES) + _varint(len(raw)) + raw)
    return b"".join(parts)


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)

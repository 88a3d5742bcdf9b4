"""What a key may do is read from the venues' own answers; an answer that does not tell is an error, not a "no"."""

from __future__ import annotations

import json
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from core.errors import VenueError
from feeds.binance import rights as binance
from feeds.bybit import rights as bybit
from feeds.rest import RestClient
from feeds.venue import KeyRights

# The fields of Bybit's documented answer that matter, for a key that only reads.
BYBIT = {
    "readOnly": 1,
    "permissions": {"ContractTrade": ["Order", "Position"], "Spot": ["SpotTrade"], "Wallet": []},
    "ips": ["192.0.2.7"],
}
# The same of Binance's.
BINANCE = {
    "ipRestrict": True,
    "enableReading": True,
    "enableWithdrawals": False,
    "enableInternalTransfer": False,
    "permitsUniversalTransfer": False,
    "enableSpotAndMarginTrading": False,
    "enableFutures": False,
}
READS_ONLY = KeyRights(trades=False, withdraws=False, moves=False, bound=True)
Read = Callable[[RestClient], Coroutine[Any, Any, KeyRights]]


class Answering(RestClient):
    """Answers every question with one body."""

    def __init__(self, body: object) -> None:
        self._body = body if isinstance(body, bytes) else json.dumps(body).encode()

    async def get(self, path: str, parameters: object = None, *, signed: bool = False) -> bytes:
        assert signed
        return self._body


def bybit_body(**changes: object) -> dict[str, object]:
    return {"retCode": 0, "result": {**BYBIT, **changes}}


@pytest.mark.parametrize(
    ("read", "body", "rights"),
    [
        (bybit.read_rights, bybit_body(), READS_ONLY),
        (bybit.read_rights, bybit_body(readOnly=0), KeyRights(trades=True, withdraws=False, moves=False, bound=True)),
        (
            bybit.read_rights,
            bybit_body(permissions={"Wallet": ["AccountTransfer"]}, ips=["*"]),
            KeyRights(trades=False, withdraws=False, moves=True, bound=False),
        ),
        (
            bybit.read_rights,
            bybit_body(permissions={"Wallet": ["AccountTransfer", "Withdraw"]}, ips=[]),
            KeyRights(trades=False, withdraws=True, moves=True, bound=False),
        ),
        (binance.read_rights, BINANCE, READS_ONLY),
        (
            binance.read_rights,
            {**BINANCE, "enableFutures": True},
            KeyRights(trades=True, withdraws=False, moves=False, bound=True),
        ),
        (
            binance.read_rights,
            {**BINANCE, "permitsUniversalTransfer": True, "ipRestrict": False},
            KeyRights(trades=False, withdraws=False, moves=True, bound=False),
        ),
        (
            binance.read_rights,
            {**BINANCE, "enableWithdrawals": True},
            KeyRights(trades=False, withdraws=True, moves=True, bound=True),
        ),
    ],
)
async def test_rights_are_read(read: Read, body: object, rights: KeyRights) -> None:
    assert await read(Answering(body)) == rights


@pytest.mark.parametrize(
    ("read", "body"),
    [
        (bybit.read_rights, b"{"),
        (bybit.read_rights, {"retCode": 0, "result": {"readOnly": 1}}),
        (bybit.read_rights, bybit_body(permissions={"Wallet": "Withdraw"})),
        (bybit.read_rights, bybit_body(readOnly="1")),
        (binance.read_rights, {**BINANCE, "enableWithdrawals": None}),
        (binance.read_rights, {key: value for key, value in BINANCE.items() if key != "enableWithdrawals"}),
    ],
)
async def test_an_answer_that_does_not_tell_is_an_error(read: Read, body: object) -> None:
    with pytest.raises(VenueError) as caught:
        await read(Answering(body))
    assert caught.value.code == "bad_answer"

"""What a MEXC key may do, as the venue words it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from core.errors import VenueError
from feeds.mexc.rights import read_key
from feeds.mexc.venue import key_rights
from feeds.venue import Credentials, KeyRights
from tests.feeds.mexc.exchange import refusal, trading

READS = "CONTRACT_ACCOUNT_READ,CONTRACT_DEAL_READ,SPOT_ACCOUNT_READ"


def told(permissions: Any, addresses: Any = "") -> bytes:
    return json.dumps({"accessKey": "k", "permissions": permissions, "ipWhiteList": addresses}).encode()


@pytest.mark.parametrize(
    ("permissions", "rights"),
    [
        (READS, (False, False, False)),
        (f"{READS},SPOT_DEAL_WRITE", (True, False, False)),
        (f"{READS}, contract_deal_write", (True, False, False)),
        (f"{READS},CONTRACT_ACCOUNT_WRITE", (False, False, False)),
        (f"{READS},SPOT_TRANSFER_WRITE", (False, False, True)),
        (f"{READS},SPOT_TRANSFER_READ,SPOT_WITHDRAW_READ", (False, False, False)),
        (f"{READS},SPOT_WITHDRAW_WRITE", (False, True, True)),
        (f"{READS},WITHDRAW_V2_WRITE", (False, True, True)),
    ],
)
def test_rights_by_their_names(permissions: str, rights: tuple[bool, bool, bool]) -> None:
    trades, withdraws, moves = rights
    assert read_key(told(permissions)) == KeyRights(trades=trades, withdraws=withdraws, moves=moves, bound=False)


@pytest.mark.parametrize(("addresses", "bound"), [("", False), (None, False), (" ", False), ("1.1.1.1,2.2.2.2", True)])
def test_a_key_is_bound_where_addresses_are_named(addresses: Any, bound: bool) -> None:
    assert read_key(told(READS, addresses)).bound is bound


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"permissions":7}', b'{"permissions":null}', b"\xff"])
def test_what_is_no_answer_about_a_key_is_refused(body: bytes) -> None:
    with pytest.raises(VenueError, match="not the rights of a key"):
        read_key(body)


async def test_a_key_that_may_not_ask_is_unverified_if_it_works_at_all() -> None:
    async with trading() as (desk, exchange):
        exchange.answers["GET /api/v3/apiKeyInfo"] = refusal(700007, "No permission", status=400)
        key = Credentials("key", "secret")
        assert await key_rights(desk._endpoints, key) is None
        assert exchange.queries("GET /api/v3/apiKeyInfo")[0]["accessKey"] == "key"
        exchange.answers["GET position/position_mode"] = refusal(402, "expired")
        with pytest.raises(VenueError, match="402"):
            await key_rights(desk._endpoints, key)

"""What each of Binance's markets calls its endpoints, and where its servers are.

Source: https://developers.binance.com/docs/derivatives (USDⓈ-M under ``/fapi``, COIN-M under ``/dapi``) and
https://developers.binance.com/docs/binance-spot-api-docs (``/api``)
"""

from __future__ import annotations

from typing import Final

import msgspec

from core.instruments import ContractKind
from feeds.binance import facts
from feeds.venue import Endpoints

USDM, COINM, SPOT = "usdm", "coinm", "spot"
FUTURES: Final = (USDM, COINM)


class Product(msgspec.Struct, frozen=True, kw_only=True):
    """One market. ``first`` is what its ordinary paths begin with; ``weight_limit`` is request weight a minute and
    address."""

    market: str
    kind: ContractKind
    first: str
    weight_limit: int
    account: str
    positions: str = ""
    tiers: str = ""
    tier_unit: str = "quote"

    def path(self, name: str) -> str:
        """An ordinary endpoint."""
        return f"{self.first}/{name}"


PRODUCTS: Final = {
    USDM: Product(
        market=USDM,
        kind=ContractKind.LINEAR,
        first="/fapi/v1",
        weight_limit=2_400,
        account="/fapi/v3/account",
        positions="/fapi/v3/positionRisk",
        tiers="/fapi/v1/leverageBracket",
    ),
    COINM: Product(
        market=COINM,
        kind=ContractKind.INVERSE,
        first="/dapi/v1",
        weight_limit=2_400,
        account="/dapi/v1/account",
        positions="/dapi/v1/positionRisk",
        tiers="/dapi/v2/leverageBracket",
        tier_unit="coin",
    ),
    SPOT: Product(market=SPOT, kind=ContractKind.SPOT, first="/api/v3", weight_limit=6_000, account="/api/v3/account"),
}


def is_dated(symbol: str) -> bool:
    """True for a contract that expires: its name ends in a date (``BTCUSDT_261225``, ``BTCUSD_261225``)."""
    before, _, date = symbol.rpartition("_")
    return bool(before) and date.isdigit()


def pair_of(symbol: str) -> str:
    """What a contract is on, which has the index: ``BTCUSD`` of ``BTCUSD_PERP``."""
    return symbol.partition("_")[0]


def at_home(endpoints: Endpoints | None) -> Endpoints:
    """The endpoints with those of every market: as given, else the venue's own beside these, else the same server's."""
    given = endpoints or facts.LIVE
    networks = (facts.LIVE, facts.DEMO, facts.TESTNET)
    known = next((network.more for network in networks if network.rest == given.rest), {})
    same = {
        facts.COINM_REST: given.rest,
        facts.COINM_WEBSOCKET: given.websocket + facts.COINM_SHARED_PATH,
        facts.SPOT_REST: given.rest,
        facts.SPOT_WEBSOCKET: given.websocket,
        facts.SPOT_API: given.websocket,
    }
    return Endpoints(rest=given.rest, websocket=given.websocket, more={**same, **known, **given.more})


def tells_rights(endpoints: Endpoints) -> bool:
    """Whether what a key may do can be asked there: the test networks do not tell."""
    return endpoints.rest not in (facts.DEMO.rest, facts.TESTNET.rest)


def rest_base(endpoints: Endpoints, market: str) -> str:
    """Where a market answers requests; ``endpoints`` are complete."""
    if market == USDM:
        return endpoints.rest
    return endpoints.more[facts.COINM_REST if market == COINM else facts.SPOT_REST]

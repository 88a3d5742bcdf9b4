"""Where WEEX's contracts and its spot are reached: two hosts on the venue, one or two elsewhere."""

from __future__ import annotations

from feeds.venue import Endpoints
from feeds.weex import facts


def with_spot(endpoints: Endpoints | None) -> Endpoints:
    """The endpoints with spot's: as given, else the venue's own beside these, else the same addresses."""
    endpoints = endpoints or facts.LIVE
    same = {facts.SPOT_REST: endpoints.rest, facts.SPOT_WEBSOCKET: endpoints.websocket}
    known = facts.LIVE.more if endpoints.rest == facts.LIVE.rest else {}
    return Endpoints(rest=endpoints.rest, websocket=endpoints.websocket, more={**same, **known, **endpoints.more})


def rest_base(endpoints: Endpoints, market: str) -> str:
    """The REST host of a market."""
    return endpoints.more[facts.SPOT_REST] if market == facts.SPOT else endpoints.rest


def socket_base(endpoints: Endpoints, market: str) -> str:
    """The websocket host of a market."""
    return endpoints.more[facts.SPOT_WEBSOCKET] if market == facts.SPOT else endpoints.websocket

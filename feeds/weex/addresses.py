"""Where WEEX's contracts and its spot are reached: hosts of their own on the venue; elsewhere one may serve both."""

from __future__ import annotations

from feeds.venue import Endpoints
from feeds.weex import facts


def with_spot(endpoints: Endpoints | None) -> Endpoints:
    """The endpoints with spot's: as given, else the venue's own beside these, else the same addresses. REST paths tell
    the two apart; the paths of their sockets are the same, so that spot's then stand under ``/spot``."""
    endpoints = endpoints or facts.LIVE
    same = {facts.SPOT_REST: endpoints.rest, facts.SPOT_WEBSOCKET: f"{endpoints.websocket}/spot"}
    known = facts.LIVE.more if endpoints.rest == facts.LIVE.rest else {}
    return Endpoints(rest=endpoints.rest, websocket=endpoints.websocket, more={**same, **known, **endpoints.more})


def rest_base(endpoints: Endpoints, market: str) -> str:
    """The REST host of a market."""
    return endpoints.more[facts.SPOT_REST] if market == facts.SPOT else endpoints.rest


def socket_base(endpoints: Endpoints, market: str) -> str:
    """The websocket host of a market."""
    return endpoints.more[facts.SPOT_WEBSOCKET] if market == facts.SPOT else endpoints.websocket

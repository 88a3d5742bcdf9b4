"""The control port: faults by name, and who is connected. It answers to this machine only, whatever host the venues
listen on."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING, Any

import msgspec
from aiohttp import web

from core.errors import RequestError
from feeds.sim.fault import Parameters
from feeds.sim.faults import FAULTS, inject
from feeds.sim.wire import encode

if TYPE_CHECKING:
    from feeds.sim.simulator import Simulator

CONTROL_PATH = "/sim/control"


def control_application(simulator: Simulator) -> web.Application:
    """The control port's application: GET lists the faults and the state, POST injects a fault."""

    async def listed(request: web.Request) -> web.Response:
        table = {
            name: {"meaning": fault.meaning, "parameters": list(fault.parameters)} for name, fault in FAULTS.items()
        }
        struck = [] if simulator.weather is None else simulator.weather.struck
        return _answer(request, 200, {"faults": table, "venues": state(simulator), "weather": struck})

    async def injected(request: web.Request) -> web.Response:
        if not _local(request):
            return _answer(request, 403, {})
        try:
            parameters = msgspec.json.decode(await request.read(), type=dict[str, Any])
            result = inject(simulator, parameters)
            if FAULTS[parameters["fault"]].awaits_step:
                await simulator.stepped()
        except msgspec.DecodeError:
            return _answer(request, 400, {"error": "the body is not a JSON object"})
        except RequestError as error:
            return _answer(request, 400, {"error": str(error)})
        return _answer(request, 200, {"ok": True, **result})

    app = web.Application()
    app.router.add_get(CONTROL_PATH, listed)
    app.router.add_post(CONTROL_PATH, injected)
    return app


def state(simulator: Simulator) -> Parameters:
    """Who is connected to each venue, which topics are served (by the simulator's own names), and the time of the last
    step, which may be a while ago on a busy machine: what happens next happens then."""
    return {
        name: {
            "sockets": len(venue.hub.sockets),
            "topics": sorted(venue.hub.topics()),
            "now_ms": venue.exchange.now_ms,
        }
        for name, venue in simulator.venues.items()
    }


def _answer(request: web.Request, status: int, body: Parameters) -> web.Response:
    if not _local(request):
        status, body = 403, {"error": "control is for this machine only"}
    return web.Response(body=encode(body), status=status, content_type="application/json")


def _local(request: web.Request) -> bool:
    try:
        return ipaddress.ip_address(request.remote or "").is_loopback
    except ValueError:
        return False

"""What can be made to go wrong, by name: the one table behind ``POST /sim/control``.

A request is a JSON object with the fault's name under ``fault`` and its parameters beside it; ``venue`` may be left
out where a fault concerns any venue, and then concerns all. ``GET /sim/control`` lists the table, and who is
connected. The control port answers to this machine only, whatever host the venues listen on.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

import msgspec
from aiohttp import web

from core.errors import RequestError
from feeds.sim.binance.venue import Binance
from feeds.sim.bybit.venue import Bybit
from feeds.sim.catalogue import Listing
from feeds.sim.wire import encode, wall_ms

if TYPE_CHECKING:
    from feeds.sim.simulator import Simulator

Venue = Bybit | Binance
Parameters = dict[str, Any]
CONTROL_PATH = "/sim/control"


class Fault(msgspec.Struct, frozen=True):
    """One entry of the table: what it does, its parameters, and how."""

    meaning: str
    parameters: tuple[str, ...]
    apply: Callable[[Simulator, Parameters], Parameters | None]


def _pin(simulator: Simulator, parameters: Parameters) -> None:
    simulator.market.pin(_text(parameters, "coin"), _decimal(parameters, "price"))


def _unpin(simulator: Simulator, parameters: Parameters) -> None:
    simulator.market.unpin(_text(parameters, "coin"))


def _drop(simulator: Simulator, parameters: Parameters) -> None:
    for venue in _venues(simulator, parameters):
        venue.hub.drop_all()


def _refuse(simulator: Simulator, parameters: Parameters) -> None:
    until = wall_ms() + int(_decimal(parameters, "seconds") * 1000)
    for venue in _venues(simulator, parameters):
        venue.hub.faults.refuse_until_ms = until


def _silent(simulator: Simulator, parameters: Parameters) -> None:
    for venue in _venues(simulator, parameters):
        venue.hub.faults.silent = True


def _acks_only(simulator: Simulator, parameters: Parameters) -> None:
    for venue in _venues(simulator, parameters):
        venue.hub.faults.acks_only = True


def _garbage(simulator: Simulator, parameters: Parameters) -> None:
    for venue in _venues(simulator, parameters):
        venue.hub.faults.garbage_left = _count(parameters, "frames")


def _freeze(simulator: Simulator, parameters: Parameters) -> None:
    for venue in _venues(simulator, parameters):
        venue.exchange.frozen = True


def _resnapshot(simulator: Simulator, _: Parameters) -> None:
    simulator.bybit.public.resnapshot()


def _skip_snapshots(simulator: Simulator, _: Parameters) -> None:
    simulator.bybit.public.skip_snapshots = True


def _lose_answers(simulator: Simulator, parameters: Parameters) -> None:
    for venue in _venues(simulator, parameters):
        venue.rest.faults.lost_answers = _count(parameters, "count")
        venue.rest.faults.cut = bool(parameters.get("cut", False))


def _delay_private(simulator: Simulator, parameters: Parameters) -> None:
    for venue in _venues(simulator, parameters):
        venue.hub.faults.private_delay_ms = _count(parameters, "milliseconds")


def _skew(simulator: Simulator, parameters: Parameters) -> None:
    for venue in _venues(simulator, parameters):
        venue.rest.faults.skew_ms = int(_decimal(parameters, "milliseconds"))


def _limit_rate(simulator: Simulator, parameters: Parameters) -> None:
    status = _count(parameters, "status")
    if status not in (429, 418):
        raise RequestError("status", "429 or 418", str(status))
    simulator.binance.rest.weights.forced_status = status


def _expire_listen_keys(simulator: Simulator, _: Parameters) -> None:
    simulator.binance.user_data.expire(at_once=True)


def _liquidate(simulator: Simulator, parameters: Parameters) -> None:
    venue, listing = _listing(simulator, parameters)
    found = venue.exchange.book.find(_text(parameters, "key"))
    if found is None:
        raise RequestError("key", "an API key of this venue")
    held = [position for position in found[1].sides(listing) if position.quantity]
    if not held:
        raise RequestError("symbol", "a contract in which the account has a position", listing.symbol)
    for position in held:
        venue.exchange.settlement.liquidate(found[1], position)


def _transfer(simulator: Simulator, parameters: Parameters) -> None:
    venue, asset, amount = _venue(simulator, parameters), _text(parameters, "asset"), _decimal(parameters, "amount")
    found = venue.exchange.book.find(_text(parameters, "key"))
    if found is None:
        raise RequestError("key", "an API key of this venue")
    venue.exchange.settlement.transfer(found[1], asset, amount)


def _fund(simulator: Simulator, parameters: Parameters) -> None:
    venue, listing = _listing(simulator, parameters)
    if venue.exchange.funding(listing) is None:
        raise RequestError("symbol", "a perpetual", listing.symbol)
    venue.exchange.fund_now(listing)


def _delist(simulator: Simulator, parameters: Parameters) -> None:
    venue, listing = _listing(simulator, parameters)
    venue.exchange.delisted.add(listing.instrument.id)
    if isinstance(venue, Binance):
        venue.announce_delisting(listing)


def _open_account(simulator: Simulator, parameters: Parameters) -> Parameters:
    wallet = parameters.get("wallet")
    if not isinstance(wallet, dict):
        raise RequestError("wallet", "an object of amounts by asset")
    amounts = {str(asset): _decimal(wallet, asset) for asset in wallet}
    venue = _venue(simulator, parameters)
    spot: dict[str, Decimal] | None = {} if isinstance(venue, Binance) else None
    keys = venue.exchange.book.open(_text(parameters, "name"), amounts, spot, venue.exchange.now_ms)
    return {"api_keys": [{"venue": venue.name, **msgspec.structs.asdict(key)} for key in keys]}


def _clear(simulator: Simulator, parameters: Parameters) -> None:
    for venue in _venues(simulator, parameters):
        sockets, rest = venue.hub.faults, venue.rest.faults
        sockets.silent = sockets.acks_only = rest.cut = venue.exchange.frozen = False
        sockets.garbage_left = sockets.refuse_until_ms = sockets.private_delay_ms = 0
        rest.lost_answers = rest.skew_ms = 0
        venue.exchange.delisted.clear()
        if isinstance(venue, Binance):
            venue.rest.weights.forced_status = None
        else:
            venue.public.skip_snapshots = False


_ANY = ("venue",)
_CONTRACT = ("venue", "category", "symbol")

FAULTS: dict[str, Fault] = {
    "pin": Fault("hold a coin's index, mark and spot at a price", ("coin", "price"), _pin),
    "unpin": Fault("let a pinned coin move on from there", ("coin",), _unpin),
    "drop": Fault("cut every websocket without a goodbye", _ANY, _drop),
    "refuse": Fault("refuse new websockets with HTTP 503 for so long", (*_ANY, "seconds"), _refuse),
    "silent": Fault("send nothing more on websockets, acks and pongs included", _ANY, _silent),
    "acks_only": Fault("answer requests on websockets and send no data", _ANY, _acks_only),
    "garbage": Fault("replace the next data frames by garbage of several kinds", (*_ANY, "frames"), _garbage),
    "freeze": Fault("stop all prices while frames go on as before", _ANY, _freeze),
    "resnapshot": Fault("Bybit: send every snapshot anew, as after a restart", (), _resnapshot),
    "skip_snapshots": Fault("Bybit: new subscribers get differences only", (), _skip_snapshots),
    "lose_answers": Fault(
        "carry out so many order requests and answer 10016 or 503, or cut", (*_ANY, "count", "cut"), _lose_answers
    ),
    "delay_private": Fault("hold back private events", (*_ANY, "milliseconds"), _delay_private),
    "skew": Fault("set the clock that signatures are checked against ahead", (*_ANY, "milliseconds"), _skew),
    "limit_rate": Fault("Binance: answer every request with 429 or 418", ("status",), _limit_rate),
    "expire_listen_keys": Fault("Binance: let every listenKey expire now", (), _expire_listen_keys),
    "liquidate": Fault("liquidate a position now, at mark", (*_CONTRACT, "key"), _liquidate),
    "fund": Fault("charge a contract's funding estimate now", _CONTRACT, _fund),
    "transfer": Fault(
        "move an amount into (or, negative, out of) a wallet", (*_ANY, "key", "asset", "amount"), _transfer
    ),
    "delist": Fault("take a contract off the list", _CONTRACT, _delist),
    "open_account": Fault("open another account and return its keys", ("venue", "name", "wallet"), _open_account),
    "clear": Fault("end every fault; pins, accounts and positions stay", _ANY, _clear),
}


def control_application(simulator: Simulator) -> web.Application:
    """The control port's application."""

    async def listed(request: web.Request) -> web.Response:
        table = {
            name: {"meaning": fault.meaning, "parameters": list(fault.parameters)} for name, fault in FAULTS.items()
        }
        return _answer(request, 200, {"faults": table, "venues": state(simulator)})

    async def injected(request: web.Request) -> web.Response:
        if not _local(request):
            return _answer(request, 403, {})
        try:
            parameters = msgspec.json.decode(await request.read(), type=dict[str, Any])
            result = inject(simulator, parameters)
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
    """Who is connected to each venue, and which topics are served, by the simulator's own names for them."""
    return {
        name: {"sockets": len(venue.hub.sockets), "topics": sorted(venue.hub.topics())}
        for name, venue in simulator.venues.items()
    }


def inject(simulator: Simulator, parameters: Parameters) -> Parameters:
    """Apply one fault by name. Raises RequestError naming the parameter that is wrong."""
    name = _text(parameters, "fault")
    fault = FAULTS.get(name)
    if fault is None:
        raise RequestError("fault", f"one of {', '.join(FAULTS)}", name)
    for key in parameters:
        if key not in (*fault.parameters, "fault"):
            raise RequestError(key, f"one of the parameters of {name}: {', '.join(fault.parameters) or 'none'}")
    return fault.apply(simulator, parameters) or {}


def _answer(request: web.Request, status: int, body: Parameters) -> web.Response:
    if not _local(request):
        status, body = 403, {"error": "control is for this machine only"}
    return web.Response(body=encode(body), status=status, content_type="application/json")


def _local(request: web.Request) -> bool:
    try:
        return ipaddress.ip_address(request.remote or "").is_loopback
    except ValueError:
        return False


def _venues(simulator: Simulator, parameters: Parameters) -> list[Venue]:
    return list(simulator.venues.values()) if "venue" not in parameters else [_venue(simulator, parameters)]


def _venue(simulator: Simulator, parameters: Parameters) -> Venue:
    name = _text(parameters, "venue")
    if name not in simulator.venues:
        raise RequestError("venue", f"one of {', '.join(simulator.venues)}", name)
    return simulator.venues[name]


def _listing(simulator: Simulator, parameters: Parameters) -> tuple[Venue, Listing]:
    venue = _venue(simulator, parameters)
    category, symbol = _text(parameters, "category"), _text(parameters, "symbol")
    listing = venue.exchange.find(category, symbol)
    if listing is None:
        raise RequestError("symbol", f"a symbol that {venue.name} lists as {category}", symbol)
    return venue, listing


def _text(parameters: Parameters, name: str) -> str:
    value = parameters.get(name)
    if not isinstance(value, str) or not value:
        raise RequestError(name, "a text", "nothing" if value is None else str(value))
    return value


def _decimal(parameters: Parameters, name: str) -> Decimal:
    value = parameters.get(name)
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        number = Decimal("NaN")
    if isinstance(value, bool) or not number.is_finite():
        raise RequestError(name, "a number", str(value))
    return number


def _count(parameters: Parameters, name: str) -> int:
    number = _decimal(parameters, name)
    if number < 0 or number != int(number):
        raise RequestError(name, "a whole number, zero or more", str(number))
    return int(number)

"""Faults of the line: websockets, private events, and answers over REST."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from core.errors import RequestError
from feeds.sim.fault import ANY, Fault, Parameters, count, number, offering, text, venues_of
from feeds.sim.wire import wall_ms

if TYPE_CHECKING:
    from feeds.sim.simulator import Simulator


def _drop(simulator: Simulator, parameters: Parameters) -> None:
    for venue in venues_of(simulator, parameters):
        venue.hub.drop_all()


def _refuse(simulator: Simulator, parameters: Parameters) -> None:
    until = wall_ms() + int(number(parameters, "seconds") * 1000)
    for venue in venues_of(simulator, parameters):
        venue.hub.faults.refuse_until_ms = until


def _silent(simulator: Simulator, parameters: Parameters) -> None:
    for venue in venues_of(simulator, parameters):
        venue.hub.faults.silent = True


def _half_open(simulator: Simulator, parameters: Parameters) -> None:
    for venue in venues_of(simulator, parameters):
        venue.hub.stall_all()


def _acks_only(simulator: Simulator, parameters: Parameters) -> None:
    for venue in venues_of(simulator, parameters):
        venue.hub.faults.acks_only = True


def _wrong_route(simulator: Simulator, parameters: Parameters) -> None:
    path = text(parameters, "path")
    for venue in venues_of(simulator, parameters):
        venue.hub.faults.mute_paths = (*venue.hub.faults.mute_paths, path)


def _garbage(simulator: Simulator, parameters: Parameters) -> None:
    for venue in venues_of(simulator, parameters):
        venue.hub.faults.garbage_left = count(parameters, "frames")


def _gap(simulator: Simulator, parameters: Parameters) -> None:
    for venue in venues_of(simulator, parameters):
        venue.hub.faults.gap_left = count(parameters, "frames")


def _duplicate(simulator: Simulator, parameters: Parameters) -> None:
    for venue in venues_of(simulator, parameters):
        venue.hub.faults.duplicates_left = count(parameters, "frames")


def _reorder(simulator: Simulator, parameters: Parameters) -> None:
    for venue in venues_of(simulator, parameters):
        venue.hub.faults.swaps_left = count(parameters, "frames")


def _offered(name: str) -> Callable[[Simulator, Parameters], None]:
    """A fault that only some venues have."""

    def apply(simulator: Simulator, parameters: Parameters) -> None:
        for venue in offering(simulator, parameters, name):
            venue.offers[name]()

    return apply


def _delay_private(simulator: Simulator, parameters: Parameters) -> None:
    for venue in venues_of(simulator, parameters):
        venue.hub.faults.private_delay_ms = count(parameters, "milliseconds")


def _lose_private(simulator: Simulator, parameters: Parameters) -> None:
    for venue in venues_of(simulator, parameters):
        venue.hub.faults.private_lost = count(parameters, "events")


def _lose_answers(simulator: Simulator, parameters: Parameters) -> None:
    for venue in venues_of(simulator, parameters):
        venue.faults.lost_answers = count(parameters, "count")
        venue.faults.cut = bool(parameters.get("cut", False))


def _delay_answers(simulator: Simulator, parameters: Parameters) -> None:
    for venue in venues_of(simulator, parameters):
        venue.faults.answer_delay_ms = count(parameters, "milliseconds")


def _skew(simulator: Simulator, parameters: Parameters) -> None:
    for venue in venues_of(simulator, parameters):
        venue.faults.skew_ms = int(number(parameters, "milliseconds"))


def _limit_rate(simulator: Simulator, parameters: Parameters) -> None:
    asked = venues_of(simulator, parameters)
    status = count(parameters, "status")
    later = count(parameters, "then") if "then" in parameters else None
    after = count(parameters, "after") if "after" in parameters else 1
    wanted = {status} if later is None else {status, later}
    able = [venue for venue in asked if wanted <= set(venue.limit_statuses)]
    if not able:
        known = sorted({known for venue in asked for known in venue.limit_statuses})
        raise RequestError("status", " or ".join(map(str, known)) or "a venue that has this fault", str(status))
    for venue in able:
        venue.faults.forced_status, venue.faults.later_status = status, later
        venue.faults.requests_until_later = after


FAULTS: dict[str, Fault] = {
    "drop": Fault("cut every websocket without a goodbye", ANY, _drop),
    "refuse": Fault("refuse new websockets with HTTP 503 for so long", (*ANY, "seconds"), _refuse),
    "silent": Fault("send nothing more on websockets, acks and pongs included", ANY, _silent),
    "half_open": Fault("neither read nor write the websockets that are open, without closing them", ANY, _half_open),
    "acks_only": Fault("answer requests on websockets and send no data", ANY, _acks_only),
    "wrong_route": Fault(
        "send no data to websockets opened on a path that begins so; answers go on", (*ANY, "path"), _wrong_route
    ),
    "garbage": Fault("replace the next data frames by garbage of several kinds", (*ANY, "frames"), _garbage),
    "gap": Fault("lose the next data frames", (*ANY, "frames"), _gap),
    "duplicate": Fault("send the next data frames twice", (*ANY, "frames"), _duplicate),
    "reorder": Fault("send the next data frames after the one that follows them", (*ANY, "frames"), _reorder),
    "resnapshot": Fault("send every snapshot anew, as after a restart", ANY, _offered("resnapshot")),
    "skip_snapshots": Fault("give new subscribers differences only", ANY, _offered("skip_snapshots")),
    "delay_private": Fault("hold back private events, until cleared at most", (*ANY, "milliseconds"), _delay_private),
    "lose_private": Fault("lose the next private events", (*ANY, "events"), _lose_private),
    "expire_listen_keys": Fault("let every listenKey expire now", ANY, _offered("expire_listen_keys")),
    "lose_answers": Fault(
        "carry out so many order requests and answer as if their fate were unknown (or cut)",
        (*ANY, "count", "cut"),
        _lose_answers,
    ),
    "delay_answers": Fault(
        "hold back the answers to order requests, so that their events come first",
        (*ANY, "milliseconds"),
        _delay_answers,
    ),
    "skew": Fault("set the clock that signatures are checked against ahead", (*ANY, "milliseconds"), _skew),
    "limit_rate": Fault(
        "refuse every request as one too many, with a status of the venue's; 'then' another after so many requests",
        (*ANY, "status", "then", "after"),
        _limit_rate,
    ),
}

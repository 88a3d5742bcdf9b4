"""The book-keeping of subscriptions, without sockets: what counts as an answer, as data, as silence."""

from __future__ import annotations

import json
from collections.abc import Sequence

import pytest

from core.events import ChannelState, Heard
from feeds.channels import Channel, ChannelBoard
from feeds.venue import ConnectionPlan, Subscription

NS = 1_000_000_000


def board(silences: dict[str, float | None], group: int = 10) -> ChannelBoard:
    plan = ConnectionPlan(
        venue="toy",
        name="main",
        url="",
        subscriptions=tuple(Subscription(channel=name, silence_seconds=limit) for name, limit in silences.items()),
        heartbeat_seconds=None,
        lifetime_seconds=None,
    )
    count = iter(range(1, 1000))

    def compose(names: Sequence[str]) -> list[str]:
        return [
            json.dumps({"id": next(count), "args": list(names[start : start + group])})
            for start in range(0, len(names), group)
        ]

    def ignore(channel: Channel) -> None: ...

    return ChannelBoard(plan, compose, ignore, first_data_seconds=8.0, refused_retry_seconds=60.0)


def asked(subject: ChannelBoard, now: float = 0) -> None:
    for request in subject.ask_all():
        subject.sent(request, round(now * NS))


def states(subject: ChannelBoard) -> dict[str, str]:
    return {name: channel.state.value for name, channel in subject.channels.items()}


def test_an_answer_goes_to_the_request_it_quotes() -> None:
    subject = board({"a": 10, "b": 10, "c": 10}, group=1)
    asked(subject)
    subject.answer(Heard(kind="ack", request="2"))
    assert states(subject) == {"a": "requested", "b": "acked", "c": "requested"}


def test_an_answer_that_quotes_nothing_goes_to_the_oldest_request() -> None:
    subject = board({"a": 10, "b": 10}, group=1)
    asked(subject)
    subject.answer(Heard(kind="ack"))
    assert states(subject) == {"a": "acked", "b": "requested"}


def test_frames_that_do_not_name_their_channel_are_told_apart_by_their_order() -> None:
    plan = ConnectionPlan(
        venue="toy",
        name="main",
        url="",
        subscriptions=tuple(Subscription(channel=name, silence_seconds=10) for name in ("a", "b", "c")),
        heartbeat_seconds=None,
        lifetime_seconds=None,
    )

    def compose(names: Sequence[str]) -> list[str]:
        return [json.dumps({"method": f"sub {ord(name)}"}) for name in names]

    def ignore(channel: Channel) -> None: ...

    subject = ChannelBoard(plan, compose, ignore, first_data_seconds=8.0, refused_retry_seconds=60.0)
    first, *others = subject.ask_all()
    assert [request.channels for request in (first, *others)] == [("a",), ("b",), ("c",)]
    subject.sent(first, NS)
    assert [channel.asked_ns for channel in subject.channels.values()] == [NS, None, None]
    subject.answer(Heard(kind="ack"))
    subject.answer(Heard(kind="refusal", detail="no such contract"))
    assert states(subject) == {"a": "acked", "b": "refused", "c": "requested"}


def test_an_answer_to_something_else_changes_nothing() -> None:
    subject = board({"a": 10})
    asked(subject)
    subject.answer(Heard(kind="ack", request="99"))
    assert states(subject) == {"a": "requested"}


def test_a_refusal_that_names_only_a_topic_finds_its_group() -> None:
    subject = board({"a": 10, "b": 10})
    asked(subject)
    again = subject.answer(Heard(kind="refusal", channel="b", detail="unknown"))
    assert [request.channels for request in again] == [("a",), ("b",)]
    assert states(subject) == {"a": "requested", "b": "requested"}


def test_data_overrules_a_refusal() -> None:
    subject = board({"a": 10})
    asked(subject)
    subject.answer(Heard(kind="refusal", request="1", detail="already subscribed"))
    assert states(subject) == {"a": "refused"}
    subject.data(subject.channels["a"], NS)
    assert states(subject) == {"a": "live"}
    assert subject.complete()


def test_a_refusal_of_what_already_speaks_is_no_trouble() -> None:
    subject = board({"a": 10})
    asked(subject)
    subject.data(subject.channels["a"], NS)
    subject.answer(Heard(kind="refusal", request="1", detail="already subscribed"))
    assert states(subject) == {"a": "live"}


def test_a_refused_channel_is_asked_for_again_after_a_while() -> None:
    subject = board({"a": 10, "b": 10}, group=1)
    asked(subject)
    subject.data(subject.channels["b"], NS)
    subject.answer(Heard(kind="refusal", request="1", detail="maintenance"))
    assert subject.next_check_ns(NS) == 9 * NS  # b's turn
    subject.data(subject.channels["b"], 59 * NS)
    assert [request.channels for request in subject.check(60 * NS)] == [("a",)]
    assert states(subject)["a"] == "requested"


@pytest.mark.parametrize(("silence", "said_after"), [(3.0, 3.0), (10.0, 8.0), (60.0, 60.0)])
def test_silence_after_data_is_said_in_time(silence: float, said_after: float) -> None:
    """What must speak within ten seconds is held to eight, so that a snapshot says so within ten."""
    subject = board({"a": silence})
    asked(subject)
    subject.data(subject.channels["a"], NS)
    subject.check(round((1 + said_after) * NS) - 1)
    assert states(subject) == {"a": "live"}
    subject.check(round((1 + said_after) * NS))
    assert states(subject) == {"a": "silent"}
    assert subject.channels["a"].reason == f"no data for {said_after:.1f} s"


@pytest.mark.parametrize("silence", [10.0, 60.0])
def test_an_ack_without_data_is_said_in_time_whatever_the_channel_may_rest_later(silence: float) -> None:
    subject = board({"a": silence, "b": 10.0})
    asked(subject)
    subject.answer(Heard(kind="ack", request="1"))
    subject.data(subject.channels["b"], 7 * NS)
    again = subject.check(8 * NS)
    assert states(subject) == {"a": "silent", "b": "live"}
    assert [request.channels for request in again] == [("a",)]
    assert subject.given_up(8 * NS) == [], "it is asked once more first"
    subject.sent(again[0], 8 * NS)
    subject.data(subject.channels["b"], 15 * NS)
    assert subject.check(16 * NS) == []
    assert [channel.name for channel in subject.given_up(16 * NS)] == ["a"]
    assert not subject.dead(16 * NS)


def test_a_socket_on_which_all_fell_silent_is_dead_at_once() -> None:
    subject = board({"a": 10, "b": 10})
    asked(subject)
    for channel in subject.channels.values():
        subject.data(channel, NS)
    subject.check(10 * NS)
    assert subject.dead(10 * NS)


def test_a_channel_that_may_always_rest_is_never_silent_and_satisfied_by_an_ack() -> None:
    subject = board({"a": None})
    asked(subject)
    assert not subject.complete()
    subject.answer(Heard(kind="ack", request="1"))
    subject.check(10_000 * NS)
    assert subject.channels["a"].state is ChannelState.ACKED
    assert subject.complete()
    assert not subject.dead(10_000 * NS)


def test_the_next_look_is_when_something_may_be_found() -> None:
    subject = board({"a": 3, "b": 60})
    assert subject.next_check_ns(NS) is None
    asked(subject, now=1)
    assert subject.next_check_ns(NS) == 4 * NS
    subject.data(subject.channels["a"], 2 * NS)
    assert subject.next_check_ns(2 * NS) == 5 * NS

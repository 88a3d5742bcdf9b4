"""BingX's REST bodies of every endpoint: what is refused everywhere, and what is never told."""

from __future__ import annotations

import json

import pytest

from core.errors import DecodeError, VenueError
from core.events import Heard
from feeds.bingx import answers, facts
from feeds.venue import RestAnswer
from tests.feeds.bingx.bodies import NS


@pytest.mark.parametrize("path", list(answers.READERS))
def test_a_refusal_is_a_venue_error_everywhere(path: str) -> None:
    for code in (109400, "109400"):
        raw = json.dumps({"code": code, "msg": "Invalid parameters", "data": {}}).encode()
        with pytest.raises(VenueError, match="109400"):
            answers.events(RestAnswer(path=path, body=raw, received_ns=NS, parameters={"symbol": "X-USDT"}))


@pytest.mark.parametrize("path", list(answers.READERS))
@pytest.mark.parametrize("raw", [b"", b"[]", b"null", b"5", b"\xff", b"<html>", b'{"code":0', b"[" * 100_000])
def test_what_is_no_body_is_refused_everywhere(path: str, raw: bytes) -> None:
    answer = RestAnswer(path=path, body=raw, received_ns=NS, parameters={"symbol": "X-USDT", "interval": "1h"})
    if path == facts.LISTEN_KEY_PATH and not raw:
        assert isinstance(answers.events(answer)[0], Heard)
        return
    with pytest.raises(DecodeError):
        answers.events(answer)


def test_a_listen_key_is_never_told() -> None:
    raw = b'{"listenKey":"a8ea75681542e66f1a50a1616dd06ed7"}'
    (event,) = answers.events(RestAnswer(path=facts.LISTEN_KEY_PATH, body=raw, received_ns=NS, method="POST"))
    assert isinstance(event, Heard)
    assert (event.kind, event.detail) == ("answer", "made")
    assert "a8ea75681542e66f" not in repr(event)

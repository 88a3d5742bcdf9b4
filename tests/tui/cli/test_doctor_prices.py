"""``hedgerow doctor`` looks at where the prices of contract sheets come from."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from core.config import Config, parse_config
from tests.core.sheets import BOOK, MBT, PRICED, priced
from tui.cli.doctor import Check, Verdict
from tui.cli.doctor_prices import check_prices

CANARY = "canary-d41d8c"
Checked = Callable[..., Check]


@pytest.fixture
def checked(tmp_path: Path) -> Checked:
    def check(source: str, *, offline: bool = True) -> Check:
        (found,) = check_prices(config(tmp_path, priced(source)), offline=offline)
        assert found.subject == PRICED
        assert CANARY not in repr(found)
        return found

    return check


def config(folder: Path, text: str) -> Config:
    return parse_config(text, folder / "config.toml")


def test_a_file_with_a_present_price_is_well(checked: Checked, tmp_path: Path) -> None:
    (tmp_path / "mbt.txt").write_text("91000\n92500.5\n")
    found = checked('file = "mbt.txt"')
    assert found.verdict is Verdict.OK
    assert found.text.startswith("mark price from the file mbt.txt: 92500.5, ")


def test_a_file_with_an_old_price_is_a_warning(checked: Checked, tmp_path: Path) -> None:
    (tmp_path / "mbt.txt").write_text("92500\n")
    an_hour_ago = time.time() - 3600
    os.utime(tmp_path / "mbt.txt", (an_hour_ago, an_hour_ago))
    found = checked('file = "mbt.txt"')
    assert (found.verdict, found.text) == (
        Verdict.WARN,
        "mark price from the file mbt.txt: 92500, 60m old: unknown",
    )
    assert "stale_after_seconds" in found.advice
    assert checked('file = "mbt.txt"\nprice = "settlement"').verdict is Verdict.OK


@pytest.mark.parametrize(
    ("content", "verdict", "words"),
    [
        (None, Verdict.FAIL, "No such file or directory"),
        ("rubbish\n", Verdict.FAIL, "no price: rubbish"),
        ("", Verdict.WARN, "no price yet"),
        ("92500", Verdict.WARN, "no price yet"),
    ],
)
def test_a_file_without_a_price_says_so(
    checked: Checked, tmp_path: Path, content: str | None, verdict: Verdict, words: str
) -> None:
    if content is not None:
        (tmp_path / "mbt.txt").write_text(content)
    found = checked('file = "mbt.txt"')
    assert found.verdict is verdict
    assert words in found.text


def test_typed_marks_need_nothing_and_an_old_one_is_told(checked: Checked) -> None:
    found = checked("typed = true")
    assert (found.verdict, found.text) == (Verdict.OK, "its mark price is typed in the monitor, with e")
    assert checked("typed = true\nmark = 92500\nat = 2020-01-01T00:00:00Z").verdict is Verdict.WARN
    future = checked("typed = true\nmark = 92500\nat = 2098-01-01T00:00:00Z")
    assert future.verdict is Verdict.FAIL
    assert "its time is in the future" in future.text


def test_an_address_needs_its_variables_and_is_left_alone_offline(
    checked: Checked, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = f'url = "http://127.0.0.1:9/x?key={CANARY}"\npointer = ""\nheaders = {{ A = "HEDGEROW_TEST_TOKEN" }}'
    monkeypatch.delenv("HEDGEROW_TEST_TOKEN", raising=False)
    assert checked(source).text == "the environment variable HEDGEROW_TEST_TOKEN is not set"
    monkeypatch.setenv("HEDGEROW_TEST_TOKEN", CANARY)
    assert list(check_prices(config(tmp_path, priced(source)), offline=True)) == []
    found = checked(source, offline=False)
    assert (found.verdict, found.text) == (
        Verdict.FAIL,
        "mark price from 127.0.0.1:9: unreachable (ConnectError)",
    )


async def test_an_address_is_asked_once(checked: Checked) -> None:
    async def answer(_request: web.Request) -> web.Response:
        return web.json_response({"last": "92500"})

    application = web.Application()
    application.router.add_get("/", answer)
    async with TestServer(application) as server:
        address = server.make_url("/")
        source = f'url = "{address}"\npointer = "/last"\nprice = "last"'
        found = await asyncio.to_thread(checked, source, offline=False)
    assert found.verdict is Verdict.OK
    assert f"last price from 127.0.0.1:{address.port}: 92500, " in found.text


def test_a_hedge_whose_price_nothing_tells_is_a_warning(tmp_path: Path) -> None:
    (found,) = check_prices(config(tmp_path, MBT + BOOK), offline=True)
    assert (found.subject, found.verdict) == ("cme:futures:MBT-2026-12", Verdict.WARN)
    assert "nothing tells its price" in found.text

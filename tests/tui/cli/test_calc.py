from __future__ import annotations

import io
import json
import subprocess
import sys

import pytest

from core.calculators import CALCULATORS
from tests.support.patience import PATIENCE
from tui.cli.main import main

REQUEST = '{"kind": "linear", "side": "short", "quantity": 2.5, "entry_price": 60000, "exit_price": 48000}'


def give(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text.encode())))


def test_a_request_on_standard_input_is_answered(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    give(monkeypatch, REQUEST)
    assert main(["calc", "pnl"]) == 0
    assert json.loads(capsys.readouterr().out)["gross"] == "30000"


@pytest.mark.parametrize(
    ("arguments", "text", "named"),
    [
        (["pnl"], "{}", "kind: expected a value, found nothing"),
        (["pnl"], REQUEST.replace("60000", '"sixty"'), "entry_price: expected a decimal number"),
        (["pnl"], REQUEST.replace("side", "sides"), "sides: expected a field that the schema names"),
        (["pnl"], "nonsense", "request: expected a JSON object"),
        (
            ["profit"],
            REQUEST,
            f"calculator: expected one of {', '.join(CALCULATORS)}",
        ),
        ([], REQUEST, "NAME: expected one of pnl"),
    ],
)
def test_a_refusal_names_the_field_on_standard_error_with_status_2(
    arguments: list[str],
    text: str,
    named: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    give(monkeypatch, text)
    assert main(["calc", *arguments]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert named in captured.err
    assert "Traceback" not in captured.err


def test_a_rightly_undefined_figure_is_an_answer_not_a_failure(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    covered = (
        '{"kind": "inverse", "side": "short", "quantity": 60000, "entry_price": 60000, "leverage": 1,'
        ' "maintenance_rate": 0.004}'
    )
    give(monkeypatch, covered)
    assert main(["calc", "liquidation"]) == 0
    assert json.loads(capsys.readouterr().out)["status"] == "none"


def test_a_terminal_is_told_what_to_pipe_in(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    class Terminal(io.TextIOWrapper):
        def isatty(self) -> bool:
            return True

    monkeypatch.setattr(sys, "stdin", Terminal(io.BytesIO()))
    assert main(["calc", "pnl"]) == 2
    assert "hedgerow calc pnl < request.json" in capsys.readouterr().err


def test_list_and_schema_need_no_input(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["calc", "--list"]) == 0
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()] == list(CALCULATORS)
    for name in CALCULATORS:
        assert main(["calc", name, "--schema"]) == 0
        assert json.loads(capsys.readouterr().out).keys() == {
            "calculator",
            "summary",
            "conventions",
            "request",
            "answer",
            "explanation",
        }


def test_an_explanation_stands_beside_the_same_answer(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    give(monkeypatch, REQUEST)
    assert main(["calc", "pnl", "--explain"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found.keys() == {"answer", "explanation"}
    give(monkeypatch, REQUEST)
    assert main(["calc", "pnl"]) == 0
    assert json.loads(capsys.readouterr().out) == found["answer"]
    assert found["explanation"]["calculator"] == "pnl"


def test_an_explanation_to_read_is_80_wide_where_there_is_no_terminal(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    give(monkeypatch, REQUEST)
    assert main(["calc", "pnl", "--explain=text"]) == 0
    out = capsys.readouterr().out
    assert max(map(len, out.splitlines())) <= 80
    assert out.startswith("pnl: ok\n\nFigures\n")
    assert "= quantity * contract_size * (price - entry_price)" in out


@pytest.mark.parametrize("explain", ["--explain", "--explain=json", "--explain=text"])
def test_a_refused_request_is_refused_with_an_explanation_asked_for(
    explain: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    give(monkeypatch, "{}")
    assert main(["calc", "pnl", explain]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "kind: expected a value, found nothing" in captured.err


def test_an_unknown_answer_explains_what_is_missing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    give(monkeypatch, REQUEST.replace("48000", "null"))
    assert main(["calc", "pnl", "--explain=text"]) == 0
    assert "Not known\n  exit_price: needed by every figure\n" in capsys.readouterr().out


def test_the_command_runs_by_itself_and_loads_neither_screen_nor_network() -> None:
    program = (
        "import sys, runpy; sys.argv = ['calc', 'pnl']\n"
        "try: runpy.run_module('tui.cli.calc', run_name='__main__')\n"
        "except SystemExit as stop: status = stop.code\n"
        "heavy = {'textual', 'httpx', 'websockets', 'aiohttp', 'ccxt'} & sys.modules.keys()\n"
        "print(status, sorted(heavy), file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], input=REQUEST, capture_output=True, text=True, timeout=PATIENCE, check=True
    )
    assert json.loads(done.stdout)["net"] == "30000"
    assert done.stderr == "0 []\n"

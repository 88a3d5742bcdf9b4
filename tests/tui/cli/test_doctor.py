"""``hedgerow doctor`` finds what is amiss, says what to do, shows no secret, and its exit code tells the worst."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from core.journal import open_journal
from tests.terminal.pseudo import PseudoTerminal, environment
from tui.cli.main import main

CANARY = "canary-d41d8c"


class Patient:
    """A configuration with one flaw at most, and what the doctor says of it."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.path, self._capsys = folder / "config.toml", capsys
        self.write()

    def write(self, *options: str) -> None:
        assert main(["init", "--defaults", "--config", str(self.path), *options]) == 0
        self._capsys.readouterr()

    def change(self, old: str, new: str) -> None:
        text = self.path.read_text()
        assert old in text
        self.path.write_text(text.replace(old, new, 1))

    def findings(self) -> tuple[int, list[dict[str, str]]]:
        """The exit code, and every finding that is not well."""
        code = main(["doctor", "--offline", "--json", "--config", str(self.path)])
        output = self._capsys.readouterr().out
        assert CANARY not in output
        return code, [line for line in map(json.loads, output.splitlines()) if line["verdict"] != "ok"]

    def flaw(self) -> tuple[int, str, str, str]:
        code, (finding,) = self.findings()
        return code, finding["subject"], finding["verdict"], f"{finding['text']} → {finding['advice']}"


@pytest.fixture
def patient(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Patient:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    return Patient(tmp_path, capsys)


def test_what_init_writes_is_well(patient: Patient) -> None:
    assert patient.findings() == (0, [])


def test_looking_creates_nothing(patient: Patient) -> None:
    before = sorted(patient.path.parent.rglob("*"))
    patient.findings()
    assert sorted(patient.path.parent.rglob("*")) == before


def test_without_a_file_it_says_how_to_make_one(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor", "--offline", "--config", str(tmp_path / "none.toml")]) == 2
    told = capsys.readouterr().out
    assert "fail  config" in told
    assert "hedgerow init" in told


def test_every_fault_of_the_file_is_a_finding(patient: Patient) -> None:
    patient.change("leverage = 2", "leverage = 0")
    patient.change("target_ratio = 0.5", "target_ration = 0.5")
    code, findings = patient.findings()
    assert code == 2
    assert [finding["text"].split(": ")[1] for finding in findings] == [
        "accounts[0].leverage",
        "books[0].hedges[0].target_ration",
    ]


def test_a_key_that_is_there_is_found_and_not_shown(patient: Patient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KEY", CANARY)
    monkeypatch.setenv("SECRET", CANARY)
    patient.change("# [venues.bybit]", '[venues.bybit]\napi_key_env = "KEY"\nsecret_env = "SECRET"')
    assert patient.findings() == (0, [])


def test_a_key_that_is_not_there_is_a_failure(patient: Patient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KEY", CANARY)
    monkeypatch.delenv("SECRET", raising=False)
    patient.change("# [venues.bybit]", '[venues.bybit]\napi_key_env = "KEY"\nsecret_env = "SECRET"')
    code, subject, verdict, text = patient.flaw()
    assert (code, subject, verdict) == (2, "key of bybit", "fail")
    assert "venues.bybit.secret_env" in text


def test_binance_without_a_key_is_warned_of(patient: Patient) -> None:
    patient.write("--venue", "binance", "--force")
    code, subject, verdict, text = patient.flaw()
    assert (code, subject, verdict) == (1, "key of binance", "warn")
    assert "liquidation stay unknown" in text


def test_a_file_that_others_may_change(patient: Patient) -> None:
    patient.path.chmod(0o622)
    code, subject, verdict, text = patient.flaw()
    assert (code, subject, verdict) == (1, "config", "warn")
    assert "chmod 600" in text
    patient.change("# [venues.bybit]", "[venues.bybit]\nsecret_command = ['printf', 'a\\nb']")
    assert patient.flaw()[:3] == (2, "config", "fail")


def test_an_account_that_nothing_uses_and_one_with_high_leverage(patient: Patient) -> None:
    patient.change("leverage = 2 ", "leverage = 20 ")
    code, subject, verdict, text = patient.flaw()
    assert (code, subject, verdict) == (1, "config", "warn")
    assert "a rise of about 5% ends a short" in text
    patient.change("leverage = 20 ", "leverage = 2 ")
    spare = '[[accounts]]\nname = "spare"\nvenue = "bybit"\nsettle = "USDC"\nwallet_balance = 1\n'
    patient.change("[[accounts]]", f"{spare}\n[[accounts]]")
    assert "spare is used by no hedge" in patient.flaw()[3]


def test_a_journal_switched_off_damaged_or_nowhere(patient: Patient, tmp_path: Path) -> None:
    patient.change("# [journal]", "[journal]\nenabled = false")
    assert patient.flaw()[:3] == (1, "journal", "warn")
    (tmp_path / "bad.sqlite").write_text("no journal " * 1000)
    patient.change("enabled = false", 'path = "bad.sqlite"')
    assert patient.flaw()[:3] == (2, "journal", "fail")
    patient.change('path = "bad.sqlite"', 'path = "bad.sqlite/journal.sqlite"')
    code, subject, verdict, text = patient.flaw()
    assert (code, subject, verdict) == (2, "journal", "fail")
    assert "must be a folder" in text


def test_a_journal_that_a_monitor_is_writing_is_well(patient: Patient, tmp_path: Path) -> None:
    script = (
        "import sys; from pathlib import Path; from core.journal import open_journal\n"
        "journal = open_journal(Path(sys.argv[1])); print('open', flush=True); sys.stdin.read()"
    )
    path = tmp_path / "data" / "hedgerow" / "journal.sqlite"
    with subprocess.Popen(
        [sys.executable, "-c", script, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as monitor:
        assert monitor.stdout is not None
        assert monitor.stdout.readline() == b"open\n"
        assert patient.findings() == (0, [])
        assert monitor.stdin is not None
        monitor.stdin.close()
    open_journal(path).close()
    assert patient.findings() == (0, [])


def _doctor_at_a_terminal(path: Path, columns: int, rows: int, **extra: str) -> tuple[int | None, str]:
    command = [sys.executable, "-m", "tui.cli.main", "doctor", "--offline", "--config", str(path)]
    env = {**environment(), "PYTHONUTF8": "1", **extra}
    with PseudoTerminal(command, size=(columns, rows), env={**env, "COLORTERM": ""}) as terminal:
        code = terminal.exit_code(20)
        return code, terminal.output.decode()


@pytest.mark.parametrize(
    ("columns", "rows", "environment", "code", "said"),
    [
        (120, 40, {"TERM": "xterm-256color"}, 0, "ok    terminal: 120x40, 256 colours"),
        (80, 24, {"TERM": "xterm", "NO_COLOR": ""}, 0, "no colour"),
        (60, 20, {"TERM": "xterm-256color"}, 1, "warn  terminal: 60x20 is small"),
        (120, 40, {"TERM": "dumb"}, 2, "fail  terminal: TERM is dumb"),
        (120, 40, {"TERM": "xterm", "PYTHONUTF8": "0", "LC_ALL": "en_US.ISO-8859-1"}, 1, "not UTF-8"),
    ],
)
def test_the_terminal_is_looked_at(
    patient: Patient, columns: int, rows: int, environment: dict[str, str], code: int, said: str
) -> None:
    found, shown = _doctor_at_a_terminal(patient.path, columns, rows, **environment)
    assert said in shown
    assert found == code

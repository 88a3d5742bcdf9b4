"""The doctor asks the venues: instruments, tiers, clock; here they are simulated, and made ill by name."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from feeds.sim.process import SimulatorProcess
from tests.tui.cli.conftest import SECRET_NAME, Configure
from tui.cli.main import main

Finding = tuple[str, str, str]


class Doctor:
    """Asks for every finding about the venues."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys
        self.printed = ""

    def findings(self, path: Path) -> tuple[int, list[Finding]]:
        """The exit code, and subject, verdict and text of all that is not well."""
        code = main(["doctor", "--json", "--config", str(path)])
        self.printed = "".join(self._capsys.readouterr())
        lines = [json.loads(line) for line in self.printed.splitlines()]
        return code, [
            (line["subject"], line["verdict"], f"{line['text']} → {line['advice']}")
            for line in lines
            if line["verdict"] != "ok"
        ]


@pytest.fixture
def doctor(capsys: pytest.CaptureFixture[str]) -> Doctor:
    return Doctor(capsys)


@pytest.mark.parametrize(
    ("venue", "contract"), [("bybit", "linear:BTCUSDT"), ("bybit", "inverse:BTCUSD"), ("binance", "usdm:BTCUSDT")]
)
def test_a_venue_in_order_is_well_and_the_key_stays_hidden(
    venue: str, contract: str, exchange: SimulatorProcess, configure: Configure, doctor: Doctor
) -> None:
    assert doctor.findings(configure(venue, "--contract", contract)) == (0, [])
    assert f'"{venue}:{contract}","verdict":"ok","text":"listed, with margin tiers"' in doctor.printed
    key = exchange.api_key(venue, "read")
    assert key.key not in doctor.printed
    assert key.secret not in doctor.printed


def test_a_symbol_that_the_venue_does_not_list_is_found(configure: Configure, doctor: Doctor) -> None:
    path = configure("bybit", "--asset", "NOCOIN", "--quantity", "1", "--wallet-balance", "1")
    code, [(subject, verdict, text)] = doctor.findings(path)
    assert (code, subject, verdict) == (2, "bybit:linear:NOCOINUSDT", "fail")
    assert "does not list it" in text


def test_a_leverage_that_the_contract_does_not_allow_is_found(configure: Configure, doctor: Doctor) -> None:
    code, findings = doctor.findings(configure("bybit", "--leverage", "125"))
    assert code == 2
    assert ("bybit:linear:BTCUSDT", "fail") in [finding[:2] for finding in findings]


def test_a_position_that_is_no_multiple_of_the_step_is_found(configure: Configure, doctor: Doctor) -> None:
    path = configure("bybit", "--position", "-2.50001", "--entry-price", "60000")
    code, [(subject, verdict, text)] = doctor.findings(path)
    assert (code, subject, verdict) == (1, "bybit:linear:BTCUSDT", "warn")
    assert "no multiple of its step 0.001" in text


def test_tiers_that_a_key_would_tell_are_missed(configure: Configure, doctor: Doctor) -> None:
    code, findings = doctor.findings(configure("binance", with_key=False))
    assert code == 1
    assert [finding[:2] for finding in findings] == [("key of binance", "warn"), ("binance:usdm:BTCUSDT", "warn")]


def test_a_wrong_secret_is_found_and_not_shown(
    configure: Configure, doctor: Doctor, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = configure("binance")
    monkeypatch.setenv(SECRET_NAME, "canary-0badc0de")
    code, [(subject, verdict, text)] = doctor.findings(path)
    assert (code, subject, verdict) == (2, "binance", "fail")
    assert "refuses the key" in text
    assert "canary" not in doctor.printed


@pytest.mark.parametrize(
    ("permissions", "code", "verdict", "said"),
    [("trade", 1, "warn", "it may trade"), ("withdraw", 2, "fail", "it may withdraw funds")],
)
@pytest.mark.parametrize("venue", ["bybit", "binance"])
def test_a_key_that_may_do_more_than_read_is_found(
    venue: str, permissions: str, code: int, verdict: str, said: str, configure: Configure, doctor: Doctor
) -> None:
    found, [finding] = doctor.findings(configure(venue, permissions=permissions))
    assert (found, finding[:2]) == (code, (f"key of {venue}", verdict))
    assert said in finding[2]


def test_a_key_that_is_missing_is_told_once(
    configure: Configure, doctor: Doctor, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = configure("bybit")
    monkeypatch.delenv(SECRET_NAME)
    code, findings = doctor.findings(path)
    assert (code, [finding[:2] for finding in findings]) == (2, [("key of bybit", "fail")])


@pytest.mark.parametrize(("milliseconds", "verdict", "code"), [(600, "warn", 1), (-600, "warn", 1), (3000, "fail", 2)])
def test_a_clock_that_is_off_is_found(
    milliseconds: int, verdict: str, code: int, exchange: SimulatorProcess, configure: Configure, doctor: Doctor
) -> None:
    path = configure("bybit")
    exchange.control("skew", milliseconds=str(milliseconds))
    found, findings = doctor.findings(path)
    assert (found, [finding[:2] for finding in findings]) == (code, [("bybit", verdict)])
    assert ("behind" if milliseconds > 0 else "ahead of") in findings[0][2]


def test_a_venue_that_does_not_answer_is_found(
    configure: Configure, doctor: Doctor, exchange: SimulatorProcess
) -> None:
    path = configure("bybit")
    path.write_text(path.read_text().replace(exchange.venues["bybit"].rest, "http://127.0.0.1:9"))
    code, [(subject, verdict, text)] = doctor.findings(path)
    assert (code, subject, verdict) == (2, "bybit", "fail")
    assert "on line" in text

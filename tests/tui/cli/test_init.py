"""``hedgerow init`` writes a file that says what was answered, and nothing else happens to files."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.config import Config, load_config, parse_config
from core.config_model import SECTIONS
from core.errors import RequestError
from tests.terminal.pseudo import PseudoTerminal
from tests.tui.cli.conftest import usual_signals
from tui.cli.init import Answers, make_plan, render
from tui.cli.main import main

ANYWHERE = Path("config.toml")


def written(options: dict[str, str | None]) -> Config:
    return parse_config(render(make_plan(Answers(options, None))), ANYWHERE)


class Typist:
    """Types prepared lines, and remembers what was asked."""

    def __init__(self, *lines: str) -> None:
        self._lines: Iterator[str] = iter(lines)
        self.questions: list[str] = []

    def __call__(self, question: str) -> str:
        self.questions.append(question)
        return next(self._lines)


def test_the_defaults_are_the_bag_of_five_bitcoin_half_hedged() -> None:
    (book,) = written({}).books
    (lot,), (hedge,), (account,) = book.lots, book.hedges, book.accounts
    assert (lot.asset, lot.quantity, lot.cost) == ("BTC", Decimal(5), Decimal(60000))
    assert (hedge.instrument, hedge.target_ratio, hedge.quantity) == (
        "bybit:linear:BTCUSDT",
        Decimal("0.5"),
        Decimal(0),
    )
    assert (account.settle, account.leverage, account.wallet_balance) == ("USDT", Decimal(2), Decimal(150000))


AMOUNTS = st.decimals("0.00000001", "1000000", places=8).map(lambda number: f"{number:f}")


@given(
    quantity=AMOUNTS,
    cost=AMOUNTS | st.just("unknown"),
    market=st.sampled_from(["bybit/linear:ETHUSDT", "bybit/inverse:ETHUSD", "binance/ETHUSDT", "bybit/ETHPERP"]),
    ratio=st.decimals(0, 1, places=4).map(str),
    position=AMOUNTS | st.just("0"),
    mode=st.sampled_from(["isolated", "cross"]),
    leverage=st.integers(1, 125).map(str),
    wallet=AMOUNTS,
)
def test_what_was_answered_is_what_loads(
    quantity: str, cost: str, market: str, ratio: str, position: str, mode: str, leverage: str, wallet: str
) -> None:
    venue, contract = market.split("/")
    options: dict[str, str | None] = {
        "book": "mine", "asset": "ETH", "quantity": quantity, "cost": cost, "venue": venue, "contract": contract,
        "target-ratio": ratio, "position": f"-{position}", "entry-price": "2500.5", "margin-mode": mode,
        "leverage": leverage, "wallet-balance": wallet, "api-key-env": "THE_KEY", "secret-env": "THE_SECRET",
    }  # fmt: skip
    config = written(options)
    (book,) = config.books
    (lot,), (hedge,), (account,) = book.lots, book.hedges, book.accounts
    assert (lot.asset, lot.quantity) == ("ETH", Decimal(quantity))
    assert lot.cost == (None if cost == "unknown" else Decimal(cost))
    assert hedge.instrument.split(":")[0] == account.venue == venue
    assert hedge.instrument.endswith(contract)
    assert (hedge.target_ratio, hedge.quantity) == (Decimal(ratio), -Decimal(position))
    assert hedge.entry_price == (Decimal("2500.5") if hedge.quantity else None)
    assert (str(account.margin_mode), account.leverage) == (mode, Decimal(leverage))
    assert account.wallet_balance == Decimal(wallet)
    assert (config.venues[venue].api_key_env, config.venues[venue].secret_env) == ("THE_KEY", "THE_SECRET")


def test_a_wrong_answer_is_explained_and_asked_again(capsys: pytest.CaptureFixture[str]) -> None:
    typist = Typist(
        "", "btc", "BTC", "minus one", "2", "", "kraken", "bybit", "ETHUSDT", "inverse:BTCUSD", "150", "50%",
        "2.5", "0", "both", "", "1000", "3", "", "", "no",
    )  # fmt: skip
    config = parse_config(render(make_plan(Answers({}, typist))), ANYWHERE)
    told = capsys.readouterr().out
    expectations = (
        'a coin in capitals such as "BTC"', "a number above 0", 'one of "binance", "bybit"',
        "a contract on BTC at bybit", "up to 2", "a short of 2.5 is written -2.5", '"isolated", "cross"', "up to 125",
    )  # fmt: skip
    assert [text for text in expectations if text not in told] == []
    (book,) = config.books
    assert (book.lots[0].quantity, book.hedges[0].target_ratio) == (Decimal(2), Decimal("0.5"))
    assert (book.accounts[0].settle, book.accounts[0].wallet_balance) == ("BTC", Decimal(1))


def test_a_second_coin_shares_the_account_of_its_currency() -> None:
    first = ["", "", "", "", "", "", "", "", "", "", "", ""]
    second = ["y", "ETH", "10", "3000", "", "", "0.25", "-1", "2900", ""]
    config = parse_config(render(make_plan(Answers({}, Typist(*first, *second)))), ANYWHERE)
    (book,) = config.books
    assert [lot.asset for lot in book.lots] == ["BTC", "ETH"]
    assert [(hedge.instrument, hedge.account) for hedge in book.hedges] == [
        ("bybit:linear:BTCUSDT", "bybit-usdt"),
        ("bybit:linear:ETHUSDT", "bybit-usdt"),
    ]
    assert len(book.accounts) == 1


def test_without_anyone_to_ask_a_missing_answer_is_named() -> None:
    with pytest.raises(RequestError) as caught:
        make_plan(Answers({"asset": "ETH"}, None))
    assert caught.value.key == "--quantity"


def test_every_setting_is_in_the_file_with_its_meaning() -> None:
    text = render(make_plan(Answers({}, None)))
    for name, section in SECTIONS.items():
        for key, info in section.model_fields.items():
            if f"{name}.{key}".lstrip(".") not in {*SECTIONS, "venues"}:
                assert f"{key} = " in text
                assert str(info.description) in text


def test_the_file_is_written_once_and_for_its_owner_only(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "new" / "config.toml"
    command = ["init", "--defaults", "--config", str(path)]
    assert main(command) == 0
    assert path.stat().st_mode & 0o777 == 0o600
    before = path.read_text()
    assert load_config(path).books
    assert main([*command, "--quantity", "7"]) == 2
    assert path.read_text() == before
    assert "--force" in capsys.readouterr().err
    assert main([*command, "--quantity", "7", "--force"]) == 0
    assert load_config(path).books[0].lots[0].quantity == 7
    assert [entry.name for entry in path.parent.iterdir()] == ["config.toml"]


def test_a_refused_option_writes_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "config.toml"
    assert main(["init", "--defaults", "--config", str(path), "--leverage", "1000"]) == 2
    assert capsys.readouterr().err.startswith("hedgerow: --leverage: expected a number from 1 up to 125, found '1000'")
    assert not path.exists()


def test_a_place_that_cannot_be_written_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").touch()
    assert main(["init", "--defaults", "--config", str(tmp_path / "file" / "config.toml")]) == 2
    assert "a place that can be written" in capsys.readouterr().err


def _command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "tui.cli.main", *arguments]


def test_without_a_terminal_it_asks_for_answers_as_options(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    result = subprocess.run(
        _command("init", "--config", str(path)), stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    assert (result.returncode, result.stdout) == (2, "")
    assert "--defaults" in result.stderr
    assert not path.exists()


@pytest.mark.parametrize(("typed", "pause", "code"), [("\r", 0.05, 0), ("\x04", 2.0, 2), ("\x03", 2.0, 130)])
def test_at_a_terminal_it_asks(tmp_path: Path, typed: str, pause: float, code: int) -> None:
    path = tmp_path / "config.toml"
    with PseudoTerminal(_command("init", "--config", str(path)), before_exec=usual_signals) as terminal:
        terminal.wait_for_text("Name of the book")
        ended = None
        for _ in range(100):
            # One return for each question. Python may miss a ctrl+c that comes just before it listens.
            terminal.send(typed)
            if (ended := terminal.exit_code(pause)) is not None:
                break
        assert ended == code
        assert "Traceback" not in terminal.text
    assert path.exists() == (code == 0)

"""A good file becomes exactly the books it describes; a bad one is refused by file, line, key and expectation."""

from __future__ import annotations

import tomllib
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from core.books import Account, Limits, MarginMode, Thresholds
from core.config import Config, load_config, parse_config
from core.errors import ConfigError, ConfigErrors
from core.legs import Leg

FILE = Path("/somewhere/config.toml")
GOOD = """\
# Two books of one user.
[venues.bybit]
rest = "https://api-testnet.bybit.com/"
websocket = "wss://stream-testnet.bybit.com"
api_key_env = "BYBIT_API_KEY"
secret_env = "BYBIT_API_SECRET"

[venues.binance]
secret_file = "keys/binance"

[[accounts]]
name = "usdt"
venue = "bybit"
settle = "USDT"
wallet_balance = 75_000.10
leverage = 3

[[accounts]]
name = "coin"
venue = "bybit"
settle = "ETH"
wallet_balance = "12.5"
margin_mode = "cross"

[[books]]
name = "main"

[[books.lots]]
asset = "BTC"
quantity = 5
cost = 60000.00
note = "cold storage"

[[books.lots]]
asset = "ETH"
quantity = "20.000000000000000001"

[[books.lots]]
asset = "SOL"
quantity = 1e2
price = "binance:spot:SOLUSDT"

[[books.hedges]]
asset = "BTC"
instrument = "bybit:linear:BTCUSDT"
account = "usdt"
target_ratio = 0.5
quantity = -2.5
entry_price = 60000.1
isolated_margin = 75000

[[books.hedges]]
asset = "ETH"
instrument = "bybit:inverse:ETHUSD"
account = "coin"
target_ratio = 1
open_at_market = true

[books.limits]
maximum_order_notional = 200000
price_band = 0.01

[books.thresholds]
margin_usage = [0.4, "0.6", 0.8]
dwell_seconds = 2.5

[[books]]
name = "watched"
lots = [{ asset = "DOGE", quantity = 1000, price = "bybit:spot:DOGEUSDT" }]

[display]
refresh = 0.5
private = true

[journal]
path = "journal.sqlite"
"""


def test_a_good_file_becomes_the_books_it_describes() -> None:
    config = parse_config(GOOD, FILE)
    main, watched = config.books
    assert [(lot.asset, lot.quantity, lot.cost, lot.price) for lot in main.lots] == [
        ("BTC", Decimal(5), Decimal("60000.00"), None),
        ("ETH", Decimal("20.000000000000000001"), None, None),
        ("SOL", Decimal(100), None, "binance:spot:SOLUSDT"),
    ]
    btc, eth = main.hedges
    assert (btc.quantity, btc.entry_price, btc.isolated_margin) == (Decimal("-2.5"), Decimal("60000.1"), Decimal(75000))
    assert (eth.quantity, eth.target_ratio, eth.open_at_market) == (Decimal(0), Decimal(1), True)
    assert [(a.name, a.wallet_balance, a.margin_mode, a.leverage) for a in main.accounts] == [
        ("usdt", Decimal("75000.10"), MarginMode.ISOLATED, Decimal(3)),
        ("coin", Decimal("12.5"), MarginMode.CROSS, Decimal(2)),
    ]
    assert main.limits == Limits(maximum_order_notional=Decimal(200000), price_band=Decimal("0.01"))
    assert main.thresholds.margin_usage == (Decimal("0.4"), Decimal("0.6"), Decimal("0.8"))
    assert main.thresholds.liquidation_distance == Thresholds().liquidation_distance
    assert (watched.hedges, watched.accounts) == ((), ())
    assert config.venues["bybit"].rest == "https://api-testnet.bybit.com"
    assert config.display.refresh == Decimal("0.5")
    assert config.resolve("keys/binance") == Path("/somewhere/keys/binance")


def test_a_hedge_may_be_the_short_leg_of_hedge_mode() -> None:
    text = GOOD.replace('margin_mode = "cross"', 'margin_mode = "cross"\nposition_mode = "hedge"')
    btc, eth = parse_config(text.replace("open_at_market = true", 'leg = "short"'), FILE).books[0].hedges
    assert (btc.leg, eth.leg) == (Leg.NET, Leg.SHORT)
    assert eth.key == ("coin", "bybit:inverse:ETHUSD", Leg.SHORT)


def test_an_account_in_hedge_mode_has_legs() -> None:
    error = refusal(GOOD.replace('margin_mode = "cross"', 'margin_mode = "cross"\nposition_mode = "hedge"'))
    assert (error.key, error.expected) == ("books[0].hedges[1].leg", '"short", as coin is in hedge mode')


def test_an_amount_has_the_digits_that_were_written() -> None:
    book = parse_config(GOOD.replace("quantity = 5\n", "quantity = 0.1\n"), FILE).books[0]
    assert str(book.lots[0].quantity) == "0.1"
    assert str(book.lots[2].quantity) == "100"


def test_defaults_are_those_of_the_books_themselves() -> None:
    text = f"""{GOOD}
[[accounts]]
name = "a"
venue = "bybit"
settle = "USDT"
wallet_balance = 1
"""
    account = parse_config(text, FILE).accounts[-1]
    assert account == Account(name="a", venue="bybit", settle="USDT", wallet_balance=Decimal(1))


def refusal(text: str) -> ConfigError:
    with pytest.raises(ConfigError) as caught:
        parse_config(text, FILE)
    assert caught.value.file == str(FILE)
    return caught.value


HEDGE = 'instrument = "bybit:linear:BTCUSDT"\naccount = "usdt"'

# Each row: what to replace in the good file, by what, the key that is refused, a part of what was expected. The line is
# that of the replacement's last line.
REFUSED = [
    # wrong types and impossible amounts
    ("quantity = 5", "quantity = true", "books[0].lots[0].quantity", "a number above 0"),
    ("quantity = 5", 'quantity = "5,0"', "books[0].lots[0].quantity", "a number above 0"),
    ("quantity = 5", 'quantity = "1_000"', "books[0].lots[0].quantity", "a number above 0"),
    ("quantity = 5", 'quantity = " 5"', "books[0].lots[0].quantity", "a number above 0"),
    ("quantity = 5", 'quantity = "５"', "books[0].lots[0].quantity", "a number above 0"),
    ("quantity = 5", "quantity = nan", "books[0].lots[0].quantity", "a number above 0"),
    ("quantity = 5", "quantity = inf", "books[0].lots[0].quantity", "a number above 0"),
    ("quantity = 5", "quantity = 1e99999999999999999999", "books[0].lots[0].quantity", "a number above 0"),
    ("quantity = 5", "quantity = 0.1234567890123456789", "books[0].lots[0].quantity", "a number above 0"),
    ("quantity = 5", "quantity = 0", "books[0].lots[0].quantity", "a number above 0"),
    ("quantity = 5", "quantity = -5", "books[0].lots[0].quantity", "a number above 0"),
    ("quantity = 5", "quantity = [5]", "books[0].lots[0].quantity", "a number above 0"),
    ("quantity = 5", "quantity = 2026-01-01", "books[0].lots[0].quantity", "a number above 0"),
    ("cost = 60000.00", "cost = -1", "books[0].lots[0].cost", "a number from 0"),
    ("leverage = 3", "leverage = 0.5", "accounts[0].leverage", "a number from 1 up to 125"),
    ("target_ratio = 0.5", "target_ratio = 50", "books[0].hedges[0].target_ratio", "a fraction from 0 up to 2"),
    ("quantity = -2.5", "quantity = 2.5", "books[0].hedges[0].quantity", "a short of 2.5 is written -2.5"),
    ("open_at_market = true", 'leg = "long"', "books[0].hedges[1].leg", 'one of "net", "short"'),
    ("price_band = 0.01", "price_band = 1", "books[0].limits.price_band", "a fraction above 0 below 1"),
    ("dwell_seconds = 2.5", 'dwell_seconds = "2s"', "books[0].thresholds.dwell_seconds", "a number"),
    ('margin_usage = [0.4, "0.6", 0.8]', "margin_usage = [0.4, 0.3]", "books[0].thresholds.margin_usage", "rising"),
    ('margin_usage = [0.4, "0.6", 0.8]', "margin_usage = []", "books[0].thresholds.margin_usage", "one to four"),
    ('margin_usage = [0.4, "0.6", 0.8]', "margin_usage = 0.4", "books[0].thresholds.margin_usage", "a list"),
    ('margin_usage = [0.4, "0.6", 0.8]', "margin_usage = [0.4, 40]", "books[0].thresholds.margin_usage", "up to 1"),
    ("refresh = 0.5", "refresh = 0", "display.refresh", "pictures a second, from 0.1 up to 10"),
    ("private = true", 'private = "yes"', "display.private", "true or false"),
    ("private = true", "private = 1", "display.private", "true or false"),
    ('path = "journal.sqlite"', 'path = ""', "journal.path", "the path of a file"),
    # names and choices
    ('asset = "BTC"\nq', 'asset = "btc"\nq', "books[0].lots[0].asset", "a coin in capitals"),
    ('note = "cold storage"', 'note = "a\\u001b[2Jb"', "books[0].lots[0].note", "one line of text"),
    ('note = "cold storage"', 'note = "a\\u202Eb"', "books[0].lots[0].note", "one line of text"),
    ('margin_mode = "cross"', 'margin_mode = "Cross"', "accounts[1].margin_mode", '"isolated", "cross"'),
    ('name = "usdt"\nvenue = "bybit"', 'name = "usdt"\nvenue = "kraken"', "accounts[0].venue", '"binance", "bybit"'),
    ("[venues.binance]", "[venues.kraken]", "venues.kraken", "a venue that is supported (binance, bybit,"),
    ('name = "watched"', 'name = "main"', "books[1].name", "a name that no other book has"),
    ('name = "coin"', 'name = "usdt"', "accounts[1].name", "a name that no other account has"),
    # instruments
    ("bybit:linear:BTCUSDT", "bybit:lineer:BTCUSDT", "books[0].hedges[0].instrument", "a contract such as"),
    ("bybit:linear:BTCUSDT", "bybit:linear:btcusdt", "books[0].hedges[0].instrument", "a contract such as"),
    ("bybit:linear:BTCUSDT", "bybit:spot:BTCUSDT", "books[0].hedges[0].instrument", "a contract such as"),
    ("bybit:linear:BTCUSDT", "binance:linear:BTCUSDT", "books[0].hedges[0].instrument", "a contract such as"),
    ("bybit:linear:BTCUSDT", "BTCUSDT", "books[0].hedges[0].instrument", "a contract such as"),
    ("bybit:linear:BTCUSDT", "bybit:linear:ETHUSDT", "books[0].hedges[0].instrument", "a contract on BTC"),
    ("bybit:linear:BTCUSDT", "bybit:linear:1000BTCUSDT", "books[0].hedges[0].instrument", "a contract on BTC"),
    ("binance:spot:SOLUSDT", "binance:usdm:SOLUSDT", "books[0].lots[2].price", "a spot pair such as"),
    ("binance:spot:SOLUSDT", "binance:spot:ETHUSDT", "books[0].lots[2].price", "a spot pair of SOL"),
    ("binance:spot:SOLUSDT", "binance:spot:SOLBTC", "books[0].lots[2].price", "in USDT, USDC, USD"),
    # references
    ('account = "usdt"', 'account = "usd"', "books[0].hedges[0].account", 'did you mean "usdt"?'),
    ('account = "usdt"', 'account = "coin"', "books[0].hedges[0].account", "an account settled in USDT"),
    (HEDGE, HEDGE.replace("BTCUSDT", "BTCPERP"), "books[0].hedges[0].account", "an account settled in USDC"),
    (HEDGE, HEDGE.replace("bybit:linear", "binance:usdm"), "books[0].hedges[0].account", "an account of binance"),
    (
        "open_at_market = true",
        '[[books.hedges]]\nasset = "BCH"\ninstrument = "bybit:linear:BCHUSDT"\naccount = "usdt"\ntarget_ratio = 1',
        "books[0].hedges[2].asset",
        "a coin that a lot of this book holds",
    ),
    ("isolated_margin = 75000", 'leg = "short"', "books[0].hedges[0].leg", '"net", as usdt is in one-way mode'),
    ("isolated_margin = 75000", "open_at_market = true", "books[0].hedges[0].open_at_market", "false"),
    ("open_at_market = true", "entry_price = 3000", "books[0].hedges[1].entry_price", "a quantity other than 0"),
    (
        "open_at_market = true",
        "quantity = -10\nentry_price = 3000\nisolated_margin = 1",
        "books[0].hedges[1].isolated_margin",
        "no margin of its own: coin is a cross account",
    ),
    # unknown keys
    ("cost = 60000.00", "costs = 60000.00", "books[0].lots[0].costs", 'did you mean "cost"?'),
    ("leverage = 3", "leverege = 3", "accounts[0].leverege", '[[accounts]] knows (did you mean "leverage"?)'),
    ("cost = 60000.00", "target_ratio = 1", "books[0].lots[0].target_ratio", "belongs in [[books.hedges]]"),
    ("[display]", "[colours]\n[display]", "colours", "a key that the file knows"),
    # sections of another kind
    ("[display]\nrefresh = 0.5\nprivate = true", "[[display]]", "display", "a section written as [display]"),
    ("[venues.binance]", "[venues]\nkraken = 3\n[venues.binance]", "venues.kraken", "[venues.NAME]"),
    # secrets and addresses
    ("api_key_env", "api_key", "venues.bybit.api_key", "no secret in this file"),
    ("secret_env", "secret", "venues.bybit.secret", "no secret in this file"),
    ("leverage = 3", 'api_secret = "x"', "accounts[0].api_secret", "no secret in this file"),
    ('"BYBIT_API_KEY"', '"Kx82-aVQ/"', "venues.bybit.api_key_env", "the name of an environment variable"),
    ('"BYBIT_API_KEY"', '"kx82avq91"', "venues.bybit.api_key_env", "the name of an environment variable"),
    ("https://api-testnet.bybit.com/", "http://api.bybit.com", "venues.bybit.rest", "starting with https://"),
    ("https://api-testnet.bybit.com/", "https://u:p@api.bybit.com", "venues.bybit.rest", "starting with https://"),
    ("https://api-testnet.bybit.com/", "https://[", "venues.bybit.rest", "starting with https://"),
    ("wss://stream-testnet.bybit.com", "https://stream.bybit.com", "venues.bybit.websocket", "starting with wss://"),
    ('secret_env = "BYBIT_API_SECRET"', "secret_command = []", "venues.bybit.secret_command", "a list of words"),
    ('secret_file = "keys/binance"', 'secret_env = "B"', "venues.binance.secret_env", "api_key_env beside it"),
]


@pytest.mark.parametrize(("old", "new", "key", "expected"), REFUSED)
def test_a_fault_is_refused_by_line_key_and_expectation(old: str, new: str, key: str, expected: str) -> None:
    assert old in GOOD
    text = GOOD.replace(old, new, 1)
    error = refusal(text)
    assert (error.key, expected in error.expected) == (key, True), error
    at = GOOD.index(old) + len(new) - 1
    first, last = text.count("\n", 0, GOOD.index(old)) + 1, text.count("\n", 0, at) + 1
    assert first <= error.line <= last
    assert str(error).startswith(f"{FILE}:{error.line}: {key}: expected ")


@pytest.mark.parametrize(
    ("line_removed", "key", "header"),
    [
        ("quantity = 5", "books[0].lots[0].quantity", "[[books.lots]]"),
        ("wallet_balance = 75_000.10", "accounts[0].wallet_balance", "[[accounts]]"),
        ("target_ratio = 0.5", "books[0].hedges[0].target_ratio", "[[books.hedges]]"),
        ("entry_price = 60000.1", "books[0].hedges[0].entry_price", "[[books.hedges]]"),
        ('price = "binance:spot:SOLUSDT"', "books[0].lots[2].price", "[[books.lots]]"),
        ('websocket = "wss://stream-testnet.bybit.com"', "venues.bybit.websocket", "[venues.bybit]"),
    ],
)
def test_a_missing_key_is_placed_at_its_tables_header(line_removed: str, key: str, header: str) -> None:
    lines = GOOD.splitlines()
    at = lines.index(line_removed)
    del lines[at]
    error = refusal("\n".join(lines))
    assert (error.key, error.found) == (key, "nothing")
    assert error.line == max(number for number, line in enumerate(lines[:at], 1) if line == header)


def test_a_file_without_books_is_refused() -> None:
    assert refusal("").key == "books"
    assert refusal("books = []\n").expected == "at least one [[books]]"
    assert refusal('[[books]]\nname = "a"\nlots = []\n').expected == "at least one [[books.lots]]"


def test_all_faults_are_told_in_the_order_of_the_file() -> None:
    text = GOOD.replace("leverage = 3", "leverage = 0").replace("cost = 60000.00", "cots = 1")
    error = refusal(text.replace('account = "coin"', 'account = "none"'))
    assert isinstance(error, ConfigErrors)
    keys = ["accounts[0].leverage", "books[0].lots[0].cots", "books[0].hedges[1].account"]
    assert [fault.key for fault in error.errors] == keys
    assert [line.split(": ")[1] for line in str(error).splitlines()] == keys


def test_one_position_belongs_to_one_hedge_only() -> None:
    second_book = GOOD.replace(
        'lots = [{ asset = "DOGE", quantity = 1000, price = "bybit:spot:DOGEUSDT" }]',
        'lots = [{ asset = "BTC", quantity = 1 }]\n'
        'hedges = [{ asset = "BTC", instrument = "bybit:linear:BTCUSDT", account = "usdt", target_ratio = 1 }]',
    )
    error = refusal(second_book)
    assert (error.key, "a position is counted once" in error.expected) == ("books[1].hedges[0].instrument", True)


def test_the_lots_of_one_coin_have_one_price() -> None:
    lots = '[[books.lots]]\nasset = "SOL"\nquantity = 3\n'
    text = GOOD.replace("[[books.hedges]]", f"{lots}\n[[books.hedges]]", 1)
    assert len(parse_config(text, FILE).books[0].lots) == 4
    error = refusal(text.replace(lots, f'{lots}price = "bybit:spot:SOLUSDT"\n'))
    assert (error.key, error.expected[:20]) == ("books[0].lots[3].price", "binance:spot:SOLUSDT")


def test_targets_of_one_coin_may_not_add_up_to_an_over_hedge() -> None:
    text = GOOD.replace('instrument = "bybit:inverse:ETHUSD"', 'instrument = "bybit:inverse:BTCUSD"')
    text = text.replace('asset = "ETH"\ni', 'asset = "BTC"\ni').replace('settle = "ETH"', 'settle = "BTC"')
    text = text.replace('quantity = "20.000000000000000001"', 'quantity = 20\nprice = "bybit:spot:ETHUSDT"')
    error = refusal(text)
    assert (error.key, error.found) == ("books[0].hedges[1].target_ratio", "1.5")
    assert parse_config(text.replace("target_ratio = 1\n", "target_ratio = 0.5\n"), FILE).books


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("a = 1\nb =\n", 2),
        ("[a\n", 1),
        ('a = "x', 1),
        ("a = 1\n\na = 2\n", 3),
        ("a = [1,\n2", 2),
        ("a = " + "9" * 5000, 1),
        ("\na = 1\x00", 2),
        ("a = 2026-13-45", 1),
        ("a = " + "[" * 100_000, 0),
    ],
)
def test_broken_syntax_is_refused_with_its_line(text: str, line: int) -> None:
    error = refusal(text)
    assert (error.key, error.expected, error.line) == ("syntax", "valid TOML", line)


def test_a_file_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    missing, folder, latin, large = (tmp_path / name for name in ("missing", "folder", "latin", "large"))
    folder.mkdir()
    latin.write_bytes(b"# ok\n# caf\xe9\n")
    large.write_bytes(b"#" * 1_000_001)
    errors: dict[Path, ConfigError] = {}
    for path in (missing, folder, latin, large):
        with pytest.raises(ConfigError) as caught:
            load_config(path)
        errors[path] = caught.value
    assert "hedgerow init" in str(errors[missing])
    assert "directory" in str(errors[folder])
    assert (errors[latin].line, errors[latin].expected) == (2, "UTF-8")
    assert errors[large].expected == "at most 1000000 bytes"


def test_line_ends_and_marks_of_other_systems_are_read(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_bytes(b"\xef\xbb\xbf" + GOOD.replace("\n", "\r\n").encode())
    assert load_config(path).books == parse_config(GOOD, FILE).books
    path.write_bytes(GOOD.replace("\n", "\r\n").replace("leverage = 3", "leverage = 0").encode())
    with pytest.raises(ConfigError) as caught:
        load_config(path)
    assert caught.value.line == GOOD.splitlines().index("leverage = 3") + 1


CANARY = "canary-3f9c1b"


@pytest.mark.parametrize(
    "line",
    [
        f'secret = "{CANARY}"',
        f'api_secret = "{CANARY}"',
        f'passphrase = "{CANARY}"',
        f'secrets = ["{CANARY}"]',
        f'secret_env = "{CANARY}"',
        f'secret_command = "{CANARY}"',
        f'secret_file = ["{CANARY}"]',
        f'rest = "https://{CANARY}@host"',
        f"secret_env = {CANARY}",
        f'secret_env = "{CANARY}',
    ],
)
def test_no_refusal_repeats_what_may_be_a_secret(line: str) -> None:
    error = refusal(f"[venues.bybit]\n{line}\n")
    assert CANARY not in str(error)
    assert CANARY not in repr(error)
    assert error.__cause__ is None
    assert error.__suppress_context__ or error.__context__ is None


# --- mutated files -------------------------------------------------------------------------------------------

VALUES = ["5", "-5", "0", '"5"', "nan", "true", '""', '"x"', "[]", "{}", "[[]]", "1e400", "0x1F", "07:32:00", "", "1_0"]
LINES = GOOD.splitlines()


@st.composite
def mutated(draw: st.DrawFn) -> str:
    lines = list(LINES)
    for _ in range(draw(st.integers(1, 3))):
        at = draw(st.integers(0, len(lines) - 1))
        change = draw(st.sampled_from(["drop", "double", "move", "value", "key", "character", "cut"]))
        line = lines[at]
        if change == "drop":
            del lines[at]
        elif change == "double":
            lines.insert(at, line)
        elif change == "move":
            lines.insert(draw(st.integers(0, len(lines) - 1)), lines.pop(at))
        elif change == "value" and " = " in line:
            lines[at] = line.split(" = ")[0] + " = " + draw(st.sampled_from(VALUES))
        elif change == "key" and " = " in line:
            other = draw(st.sampled_from([other for other in LINES if " = " in other]))
            lines[at] = other.split(" = ")[0] + " = " + line.split(" = ", 1)[1]
        elif change == "character" and line:
            position = draw(st.integers(0, len(line) - 1))
            lines[at] = line[:position] + draw(st.characters()) + line[position + 1 :]
        elif change == "cut":
            lines[at] = line[: draw(st.integers(0, len(line)))]
    return "\n".join(lines)


def _matches(section: dict[str, Any], built: object) -> bool:
    """Whether everything that a table of the file says is in the object built from it."""
    for key, said in section.items():
        if key in ("lots", "hedges", "limits", "thresholds"):
            continue
        value = getattr(built, key)
        if isinstance(said, list):
            if [Decimal(item) for item in said] != list(value):
                return False
        elif isinstance(value, Decimal):
            if Decimal(said) != value:
                return False
        elif value != said:
            return False
    return True


def _assert_is_what_the_file_says(text: str, config: Config) -> None:
    """Compared with an independent reading of the same text."""
    file = tomllib.loads(text.replace("\r\n", "\n"), parse_float=Decimal)
    accounts = {account["name"]: account for account in file.get("accounts", [])}
    assert len(file["books"]) == len(config.books)
    for said, book in zip(file["books"], config.books, strict=True):
        assert _matches(said, book)
        assert _matches(said.get("limits", {}), book.limits)
        assert _matches(said.get("thresholds", {}), book.thresholds)
        assert len(said["lots"]) == len(book.lots)
        assert all(map(_matches, said["lots"], book.lots))
        assert len(said.get("hedges", [])) == len(book.hedges)
        assert all(map(_matches, said.get("hedges", []), book.hedges))
        assert {hedge.account for hedge in book.hedges} == {account.name for account in book.accounts}
        assert all(_matches(accounts[account.name], account) for account in book.accounts)


@given(mutated())
@example(GOOD)
def test_a_mutated_file_is_refused_or_means_what_it_says(text: str) -> None:
    result = _attempt(text)
    if isinstance(result, Config):
        _assert_is_what_the_file_says(text, result)
    else:
        assert 0 <= result.line <= text.count("\n") + 1
        assert result.key
        assert all(line.isprintable() for line in str(result).splitlines())


def _attempt(text: str) -> Config | ConfigError:
    try:
        return parse_config(text, FILE)
    except ConfigError as error:
        return error


@given(st.text(max_size=60) | st.binary(max_size=60).map(lambda data: data.decode("latin-1")))
def test_any_text_is_refused_in_words(text: str) -> None:
    assert refusal(text).line <= text.count("\n") + 1

"""An account that its venue keeps, in the configuration file: what it must not say, and what it needs."""

from __future__ import annotations

import pytest

from core.config import parse_config
from core.errors import ConfigError
from tests.core.test_config import FILE, GOOD

DECLARED = "wallet_balance = 75_000.10\nleverage = 3"
HELD = "quantity = -2.5\nentry_price = 60000.1\nisolated_margin = 75000\n"
TARGET = "target_ratio = 0.5\n"
KEPT = GOOD.replace(DECLARED, "paper = false\nleverage = 3", 1).replace(HELD, "", 1)


def test_such_an_account_says_nothing_of_what_it_holds() -> None:
    account, coin = parse_config(KEPT, FILE).accounts
    assert (account.paper, coin.paper) == (False, True)
    assert account.wallet_balance == 0


@pytest.mark.parametrize(
    ("old", "new", "key", "expected"),
    [
        ("paper = false\n", "paper = false\nwallet_balance = 0\n", "accounts[0].wallet_balance", "nothing"),
        (TARGET, f"{TARGET}quantity = -1\n", "books[0].hedges[0].quantity", "nothing, as bybit"),
        (TARGET, f"{TARGET}open_at_market = true\n", "books[0].hedges[0].open_at_market", "nothing"),
        ('api_key_env = "BYBIT_API_KEY"\nsecret_env = "BYBIT_API_SECRET"\n', "", "accounts[0].paper", "a key of bybit"),
        ("paper = false\n", "paper = true\n", "accounts[0].wallet_balance", "a number from 0"),
    ],
)  # fmt: skip
def test_what_the_venue_tells_is_not_for_the_file(old: str, new: str, key: str, expected: str) -> None:
    assert old in KEPT
    with pytest.raises(ConfigError) as refused:
        parse_config(KEPT.replace(old, new, 1), FILE)
    assert (refused.value.key, expected in refused.value.expected) == (key, True), refused.value

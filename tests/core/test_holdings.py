"""Each coin once: outside, in an account, or under another name."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.books import Book, Equivalent, Lot
from core.config import parse_config
from core.demo_book import seed_book
from core.errors import ConfigError, ConfigErrors
from core.holdings import assets, coins, counts_as, holding
from tests.core.money import decimals
from tests.support.builders import at, running

FILE = Path("/somewhere/config.toml")


def book(*lots: Lot, equivalents: tuple[Equivalent, ...] = ()) -> Book:
    return Book(name="x", lots=lots, hedges=(), accounts=(), equivalents=equivalents)


def lot(asset: str, quantity: str, account: str = "") -> Lot:
    return Lot(asset=asset, quantity=Decimal(quantity), account=account)


WRAPPED = Equivalent(asset="WETH", counts_as="ETH")
STAKED = Equivalent(asset="stETH", counts_as="ETH", haircut=Decimal("0.1"))


def test_coins_that_are_collateral_are_part_of_the_bag_once() -> None:
    """5 BTC of which 2.5 back a coin-margined hedge are 5 BTC and not 7.5."""
    held = holding(book(lot("BTC", "2.5"), lot("BTC", "2.5", "coins")), "BTC")
    assert (held.coins, held.spot, held.collateral) == (Decimal(5), Decimal("2.5"), Decimal("2.5"))


def test_wrapped_and_staked_coins_are_one_bag_with_their_coin() -> None:
    mixed = book(lot("ETH", "10"), lot("WETH", "5"), lot("stETH", "20", "unified"), equivalents=(WRAPPED, STAKED))
    held = holding(mixed, "ETH")
    assert [(part.asset, part.account, part.quantity, part.counted) for part in held.parts] == [
        ("ETH", "", Decimal(10), Decimal(10)),
        ("WETH", "", Decimal(5), Decimal(5)),
        ("stETH", "unified", Decimal(20), Decimal(18)),
    ]
    assert [held.coins, held.spot, held.collateral, held.haircut] == [33, 15, 18, 2]
    assert assets(mixed) == ("ETH",)
    assert (counts_as(mixed, "WETH"), counts_as(mixed, "BTC")) == ("ETH", "BTC")


def test_a_coin_that_counts_as_another_is_not_counted_again_under_its_own_name() -> None:
    mixed = book(lot("WETH", "5"), equivalents=(WRAPPED,))
    assert (coins(mixed, "ETH"), coins(mixed, "WETH")) == (Decimal(5), Decimal(0))


def test_without_being_told_no_coin_counts_as_another() -> None:
    plain = book(lot("ETH", "10"), lot("WETH", "5"))
    assert [coins(plain, asset) for asset in ("ETH", "WETH", "BTC")] == [10, 5, 0]
    assert assets(plain) == ("ETH", "WETH")


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["ETH", "WETH", "stETH", "BTC"]),
            decimals("0.001", "1000", 3),
            st.sampled_from(["", "a", "b"]),
        ),
        max_size=8,
    )
)
def test_every_lot_is_in_exactly_one_bag_and_one_role(lots: list[tuple[str, Decimal, str]]) -> None:
    mixed = book(
        *(Lot(asset=asset, quantity=quantity, account=account) for asset, quantity, account in lots),
        equivalents=(WRAPPED, STAKED),
    )
    held = [holding(mixed, asset) for asset in assets(mixed)]
    assert sum(part.quantity for item in held for part in item.parts) == sum(quantity for _, quantity, _ in lots)
    for item in held:
        assert item.spot + item.collateral == item.coins
        assert item.coins + item.haircut == sum(part.quantity for part in item.parts)


def test_a_book_shows_one_line_for_one_bag_and_hedges_all_of_it() -> None:
    """5 BTC and 5 WBTC of which a tenth is not counted: 9.5 BTC, of which 2.5 are hedged."""
    seed = seed_book()
    wrapped = Equivalent(asset="WBTC", counts_as="BTC", haircut=Decimal("0.1"))
    lots = (*seed.lots, Lot(asset="WBTC", quantity=Decimal(5), cost=Decimal(50_000)))
    made = running(60_000, msgspec.structs.replace(seed, lots=lots, equivalents=(wrapped,)))
    shown = made.snapshot(at(0.1)).books[0]
    (bag,) = shown.bag
    assert (bag.asset, bag.quantity.value, bag.value.value) == ("BTC", Decimal("9.5"), Decimal(570_000))
    assert bag.cost.value == 550_000
    ratio = shown.hedges[0].ratio.value
    assert ratio is not None
    assert (ratio * Decimal("9.5")).quantize(Decimal("1e-20")) == Decimal("2.5")


# --- configuration -------------------------------------------------------------------------------------------

TEXT = """\
[[accounts]]
name = "coins"
venue = "bybit"
settle = "BTC"
wallet_balance = 3

[[accounts]]
name = "unified"
venue = "bybit"
settle = "USDT"
wallet_balance = 1000
multi_asset = true
collateral = [{ asset = "stETH", quantity = 20, ratio = 0.9 }]

[[books]]
name = "main"

[[books.lots]]
asset = "BTC"
quantity = 2.5
account = "coins"
price = "bybit:spot:BTCUSDT"

[[books.lots]]
asset = "BTC"
quantity = 2.5

[[books.lots]]
asset = "ETH"
quantity = 10

[[books.lots]]
asset = "stETH"
quantity = 20
account = "unified"

[[books.hedges]]
asset = "ETH"
instrument = "bybit:linear:ETHUSDT"
account = "unified"
target_ratio = 0.5

[[books.equivalents]]
asset = "stETH"
counts_as = "ETH"
haircut = "0.02"

[[books]]
name = "second"
lots = [{ asset = "BTC", quantity = 0.5, account = "coins", price = "bybit:spot:BTCUSDT" }]
"""


def test_a_file_says_where_coins_lie_and_what_they_count_as() -> None:
    main, second = parse_config(TEXT, FILE).books
    assert [coins(main, "BTC"), coins(main, "ETH")] == [5, Decimal("29.6")]
    assert coins(second, "BTC") == Decimal("0.5")
    assert {account.name for account in main.accounts} == {"coins", "unified"}
    assert [account.name for account in second.accounts] == ["coins"]


@pytest.mark.parametrize(
    ("old", "new", "key", "expected"),
    [
        ("quantity = 0.5, acc", "quantity = 0.501, acc", "books[1].lots[0].account", "no more than the 3 it holds"),
        ("quantity = 20\n", "quantity = 21\n", "books[0].lots[3].account", "no more than the 20 it holds"),
        ('account = "coins"\np', 'account = "coin"\np', "books[0].lots[0].account", 'did you mean "coins"?'),
        ('account = "coins"\np', 'account = "unified"\np', "books[0].lots[0].account", "an account that holds BTC"),
        (
            'counts_as = "ETH"', 'counts_as = "WETH"\n[[books.equivalents]]\nasset = "WETH"\ncounts_as = "ETH"',
            "books[0].equivalents[0].counts_as", "counts as no other",
        ),
        ("haircut = \"0.02\"", "haircut = 2", "books[0].equivalents[0].haircut", "a fraction from 0 up to 1"),
        ('asset = "ETH"\ni', 'asset = "stETH"\ni', "books[0].hedges[0].asset", "ETH, as stETH counts as it"),
        (
            'counts_as = "ETH"', 'counts_as = "ETH"\n[[books.equivalents]]\nasset = "stETH"\ncounts_as = "BTC"',
            "books[0].equivalents[1].asset", "a coin that counts as one other only",
        ),
        (
            'asset = "stETH"\nquantity', 'asset = "stETH"\nprice = "bybit:spot:STETHUSDT"\nquantity',
            "books[0].lots[3].price", "a spot pair of ETH",
        ),
    ],
)  # fmt: skip
def test_a_coin_in_two_places_or_under_two_names_is_refused(old: str, new: str, key: str, expected: str) -> None:
    assert old in TEXT
    with pytest.raises(ConfigError) as caught:
        parse_config(TEXT.replace(old, new, 1), FILE)
    error = caught.value
    found = {item.key: item.expected for item in (error.errors if isinstance(error, ConfigErrors) else (error,))}
    assert expected in found[key]

from __future__ import annotations

from decimal import Decimal

import msgspec
import pytest

from core.books import MarginMode
from core.errors import RequestError
from core.instruments import ContractKind
from core.margin_rules import RULES, Backing, ClosingFee, MarginRatio, MarginRules, rules_for, rules_named, shown_ratio

LINEAR, INVERSE, QUANTO = ContractKind.LINEAR, ContractKind.INVERSE, ContractKind.QUANTO


def names(found: list[MarginRules]) -> set[str]:
    return {rules.name for rules in found}


def test_which_rules_are_to_be_met_to_the_tick() -> None:
    """Those for which account rows of the venue itself were reproduced; every other one says that it estimates."""
    assert names([rules for rules in RULES if rules.exact(MarginMode.ISOLATED)]) == {
        "binance-usdm",
        "binance-coinm",
        "bybit-classic",
        "okx",
    }
    assert names([rules for rules in RULES if rules.exact(MarginMode.CROSS)]) == {"binance-usdm", "binance-coinm"}
    for rules in RULES:
        met = {rules.exact(mode) for mode in MarginMode}
        assert rules.note.startswith("estimate:") == (met == {False}), rules.name


def test_a_rate_on_the_whole_position_and_tiers_in_contracts() -> None:
    whole = {"mexc-linear", "mexc-inverse", "weex", "okx", "exchange-traded"}
    assert names([rules for rules in RULES if rules.whole_position]) == whole
    assert names([rules for rules in RULES if rules.tier_unit == "contracts"]) == whole - {"weex"}


@pytest.mark.parametrize(
    ("venue", "kind", "name", "found"),
    [
        ("binance", LINEAR, "", "binance-usdm"),
        ("binance", INVERSE, "", "binance-coinm"),
        ("binance", LINEAR, "binance-usdm-multi", "binance-usdm-multi"),
        ("bybit", LINEAR, "", "bybit-unified"),
        ("bybit", INVERSE, "bybit-classic", "bybit-classic"),
        ("mexc", INVERSE, "", "mexc-inverse"),
        ("binance", QUANTO, "", "generic"),
        ("a venue of no rules", LINEAR, "", "generic"),
        ("binance", LINEAR, "okx", "okx"),
    ],
)
def test_an_account_has_the_rules_chosen_for_it_or_its_venues_own(
    venue: str, kind: ContractKind, name: str, found: str
) -> None:
    rules = rules_for(venue, kind, name)
    assert rules.name == found
    assert kind in rules.kinds


@pytest.mark.parametrize(("name", "kind"), [("binance-usdm", INVERSE), ("bybit-classic", QUANTO), ("none", LINEAR)])
def test_rules_that_do_not_cover_the_contract_are_refused(name: str, kind: ContractKind) -> None:
    with pytest.raises(RequestError, match=f"margin_rules: .* that covers {kind} contracts, found {name}"):
        rules_named(name, kind)
    with pytest.raises(RequestError, match="margin_rules"):
        rules_for("binance", kind, name)


def test_the_closing_fee_goes_by_the_margin_mode() -> None:
    rules = rules_named("bybit-unified", LINEAR)
    assert rules.closing_fee(MarginMode.ISOLATED) is ClosingFee.NONE
    assert rules.closing_fee(MarginMode.CROSS) is ClosingFee.AT_BANKRUPTCY
    assert rules.backing is Backing.ALL_COINS


def shown(ratio: MarginRatio, equity: str, requirement: str, value: str) -> Decimal | None:
    rules = msgspec.structs.replace(rules_named("generic", LINEAR), ratio=ratio)
    return shown_ratio(rules, Decimal(equity), Decimal(requirement), Decimal(value))


@pytest.mark.parametrize(
    ("ratio", "figure", "higher"),
    [
        (MarginRatio.REQUIREMENT_TO_EQUITY, "0.4", True),
        (MarginRatio.EQUITY_TO_REQUIREMENT, "2.5", False),
        (MarginRatio.EQUITY_TO_VALUE, "0.625", False),
    ],
)
def test_the_ratio_is_the_one_that_the_venue_shows(ratio: MarginRatio, figure: str, higher: bool) -> None:
    """Half a unit of equity, 0.2 to maintain, 0.8 of value: less than 1 is as good an amount as any."""
    assert shown(ratio, "0.5", "0.2", "0.8") == Decimal(figure)
    assert msgspec.structs.replace(RULES[0], ratio=ratio).worse_is_higher is higher


def test_a_ratio_that_would_divide_by_nothing_is_none() -> None:
    assert shown(MarginRatio.REQUIREMENT_TO_EQUITY, "0", "1", "10") is None
    assert shown(MarginRatio.REQUIREMENT_TO_EQUITY, "-5", "1", "10") is None
    assert shown(MarginRatio.REQUIREMENT_TO_EQUITY, "100", "0", "0") is None
    assert shown(MarginRatio.EQUITY_TO_REQUIREMENT, "100", "0", "10") is None
    assert shown(MarginRatio.EQUITY_TO_VALUE, "100", "1", "0") is None


def test_a_venue_of_its_own_ratio_shows_equity_gone_as_negative() -> None:
    """Equity below zero is no reason to show nothing where the venue divides by the requirement."""
    assert shown(MarginRatio.EQUITY_TO_REQUIREMENT, "-1", "2", "10") == Decimal("-0.5")

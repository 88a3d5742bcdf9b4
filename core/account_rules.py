"""By which margin rules a contract of an account is reckoned."""

from __future__ import annotations

import msgspec

from core.books import Account
from core.errors import RequestError
from core.instruments import ContractKind, Instrument
from core.margin_rules import ClosingFee, MarginRules, rules_for


def margin_rules(account: Account, instrument: Instrument) -> MarginRules:
    """The rule set of an account for one contract: the one it names, else its venue's for how it is backed."""
    if instrument.maintenance_per_contract is not None:
        return rules_for("exchange-traded", instrument.kind)
    if instrument.kind is ContractKind.SPOT:
        return rules_for("", ContractKind.LINEAR, "generic")
    name = account.margin_rules
    if not name and account.multi_asset and account.venue == "binance" and instrument.kind is ContractKind.LINEAR:
        name = "binance-usdm-multi"
    try:
        rules = rules_for(account.venue, instrument.kind, name)
    except RequestError:
        rules = rules_for("", instrument.kind, "generic")
    return _with_closing_fee(rules) if account.closing_fee else rules


def _with_closing_fee(rules: MarginRules) -> MarginRules:
    """The rules with the fee that an account's user says is added, where they know of none: an estimate then."""
    if rules.closing_fee_isolated is not ClosingFee.NONE or rules.closing_fee_cross is not ClosingFee.NONE:
        return rules
    at = ClosingFee.AT_PRICE
    return msgspec.structs.replace(
        rules, closing_fee_isolated=at, closing_fee_cross=at, isolated_exact=False, cross_exact=False
    )

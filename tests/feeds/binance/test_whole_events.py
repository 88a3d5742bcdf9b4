"""What Binance tells of an account, every field of it: of whom, which contract, how much, at what price, and when."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from core.events import (
    AccountSettings,
    AnyEvent,
    BalanceUpdate,
    FeeCharged,
    Fill,
    FillOrigin,
    FrameFault,
    FundingPayment,
    OrderState,
    OrderUpdate,
    PositionUpdate,
)
from core.legs import Leg
from tests.feeds.binance.desk import row
from tests.feeds.binance.test_account import INCOME, POSITION, TRADE, positions, read
from tests.feeds.binance.test_private import ORDER, E, decode, order

D = Decimal
NS = 1_790_000_000_000 * 10**6
INCOME_NS = 1_789_488_000_002 * 10**6


def test_a_position() -> None:
    (short,) = positions(isolatedMargin="14900", isolatedWallet="15000")
    assert short == PositionUpdate(
        received_ns=7, account="hedge", instrument="binance:usdm:BTCUSDT", quantity=D("-0.5"),
        entry_price=D("60000.1"), liquidation_price=D("91234.5"), isolated_margin=D(15_000), venue_time_ns=NS,
    )  # fmt: skip
    (flat,) = positions(positionAmt="0", updateTime=0, liquidationPrice="0")
    assert flat == PositionUpdate(
        received_ns=7, account="hedge", instrument="binance:usdm:BTCUSDT", quantity=D(0), entry_price=None
    )


@pytest.mark.parametrize("told", [{"leverage": "7"}, {"marginType": "cross"}, {"marginType": "CROSSED"}])
def test_how_a_position_is_set_is_told_as_far_as_it_says(told: dict[str, Any]) -> None:
    name = "BTCUSD_PERP"
    position, setting = read("/dapi/v1/positionRisk", POSITION | told | {"symbol": name, "positionSide": "LONG"})
    assert isinstance(position, PositionUpdate)
    assert (position.instrument, position.leg) == (f"binance:coinm:{name}", Leg.LONG)
    assert setting == AccountSettings(
        received_ns=7, account="hedge", instrument=f"binance:coinm:{name}", leg=Leg.LONG,
        leverage=D(7) if "leverage" in told else None, margin_mode="cross" if "marginType" in told else None,
    )  # fmt: skip


def test_settings_of_contracts_and_of_the_account() -> None:
    told = read("/fapi/v1/symbolConfig", {"symbol": "BTCUSDT", "marginType": "ISOLATED", "leverage": 20})
    assert told == [
        AccountSettings(
            received_ns=7, account="hedge", instrument="binance:usdm:BTCUSDT", margin_mode="isolated", leverage=D(20)
        )
    ]
    for dual, mode in ((True, "hedge"), (False, "one-way")):
        (setting,) = read("/fapi/v1/accountConfig", {"dualSidePosition": dual, "multiAssetsMargin": not dual})
        assert setting == AccountSettings(received_ns=7, account="hedge", position_mode=mode, multi_asset=not dual)


def test_balances() -> None:
    told = read("/fapi/v3/balance", {"asset": "USDT", "balance": "12.5", "updateTime": NS // 10**6})
    expected = BalanceUpdate(
        received_ns=7, account="hedge", asset="USDT", wallet_balance=D("12.5"), venue_time_ns=NS
    )  # fmt: skip
    assert told == [expected]


def test_an_execution() -> None:
    (event,) = read("/fapi/v1/userTrades", TRADE | {"positionSide": "SHORT"})
    assert event == Fill(
        received_ns=7, account="hedge", fill_id="BTCUSDT:77", client_order_id="", instrument="binance:usdm:BTCUSDT",
        side="sell", price=D("68000.20"), quantity=D("0.010"), fee=D("-0.34"), fee_asset="BNB", maker=True,
        venue_time_ns=NS, leg=Leg.SHORT,
    )  # fmt: skip


def test_an_order() -> None:
    (event,) = read("/fapi/v1/openOrders", row("PARTIALLY_FILLED", "0.004", avgPrice="68000.5", reduceOnly=True))
    assert event == OrderUpdate(
        received_ns=7, account="hedge", client_order_id="hr-7f3a-0001", instrument="binance:usdm:BTCUSDT", side="sell",
        quantity=D("0.010"), state=OrderState.PARTIALLY_FILLED, filled_quantity=D("0.004"), average_price=D("68000.5"),
        limit_price=D("68000.10"), reduce_only=True, venue_order_id="4711", venue_time_ns=NS,
    )  # fmt: skip


def test_entries_of_the_ledger() -> None:
    fee, funding, rebate = read(
        "/fapi/v1/income",
        INCOME,
        INCOME | {"incomeType": "FUNDING_FEE", "income": "1.5", "tradeId": ""},
        INCOME | {"symbol": "", "incomeType": "COMMISSION_REBATE", "income": "0.2", "tradeId": ""},
    )
    assert fee == FeeCharged(
        received_ns=7, account="hedge", record_id="COMMISSION:9:BTCUSDT:USDT:77", amount=D("0.34"), asset="USDT",
        kind="trade", charged_ns=INCOME_NS, instrument="binance:usdm:BTCUSDT", fill_id="BTCUSDT:77",
    )  # fmt: skip
    assert funding == FundingPayment(
        received_ns=7, account="hedge", payment_id="FUNDING_FEE:9:BTCUSDT:USDT", instrument="binance:usdm:BTCUSDT",
        amount=D("1.5"), asset="USDT", rate=None, mark_price=None, settled_ns=INCOME_NS - 2 * 10**6,
        booked_ns=INCOME_NS,
    )  # fmt: skip
    assert isinstance(rebate, FeeCharged)
    assert (rebate.amount, rebate.instrument, rebate.fill_id) == (D("-0.2"), "", "")


def test_a_payment_and_a_fee_that_name_no_contract() -> None:
    nameless = INCOME | {"symbol": ""}
    (fault,) = read("/fapi/v1/income", nameless | {"incomeType": "FUNDING_FEE"})
    assert isinstance(fault, FrameFault), "money of no known contract is never left out without a word"
    assert fault.field == "symbol"
    (fee,) = read("/fapi/v1/income", nameless)
    assert isinstance(fee, FeeCharged)
    assert (fee.instrument, fee.fill_id) == ("", ""), "executions are numbered by contract"


# --- the private stream ----------------------------------------------------------------------------------------------


def streamed(**changes: Any) -> list[AnyEvent]:
    return decode(order(**changes))


def test_an_order_and_its_execution_by_the_stream() -> None:
    state, fill = streamed()
    assert state == OrderUpdate(
        received_ns=7, account="hedge", client_order_id="hr-1-abc", instrument="binance:usdm:BTCUSDT", side="sell",
        quantity=D("0.5"), state=OrderState.PARTIALLY_FILLED, filled_quantity=D("0.3"), average_price=D("60000.2"),
        limit_price=D("60000.1"), venue_order_id="8886774", venue_time_ns=(E - 2) * 10**6,
    )  # fmt: skip
    assert fill == Fill(
        received_ns=7, account="hedge", fill_id="BTCUSDT:77", client_order_id="hr-1-abc",
        instrument="binance:usdm:BTCUSDT", side="sell", price=D("60000.3"), quantity=D("0.2"), fee=D("2.4"),
        fee_asset="USDT", maker=True, venue_time_ns=(E - 2) * 10**6,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("filled", "state"), [("0.3", OrderState.PARTIALLY_FILLED), ("0.5", OrderState.FILLED), ("0.6", OrderState.FILLED)]
)
def test_an_order_of_the_venues_own_is_filled_by_what_was_executed(filled: str, state: OrderState) -> None:
    told, fill = streamed(c="adl_autoclose", x="CALCULATED", X="NEW_ADL", z=filled)
    assert isinstance(told, OrderUpdate)
    assert isinstance(fill, Fill)
    assert (told.state, fill.origin) == (state, FillOrigin.ADL)
    assert "ADL" in told.reason.upper()
    (unknown,) = streamed(x="NEW", X="NEW_ADL", z=filled)
    assert isinstance(unknown, OrderUpdate)
    assert unknown.state is OrderState.UNKNOWN


@pytest.mark.parametrize("blank", ["", "0", "0.0"])
def test_a_market_order_has_no_limit_and_what_is_not_filled_no_average(blank: Any) -> None:
    (told,) = streamed(p=blank, ap=blank, z="0", x="NEW", X="NEW")
    assert isinstance(told, OrderUpdate)
    assert (told.limit_price, told.average_price, told.state) == (None, None, OrderState.OPEN)


def test_an_execution_without_a_fee_has_none() -> None:
    bare = {key: value for key, value in ORDER.items() if key not in ("n", "N")}
    _, fill = decode({"e": "ORDER_TRADE_UPDATE", "E": E, "T": E - 2, "o": bare})
    assert isinstance(fill, Fill)
    assert (fill.fee, fill.fee_asset) == (Decimal(0), "")

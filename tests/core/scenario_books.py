"""Books for scenarios: hand-made ones and a strategy that mixes contract kinds, coins, haircuts and tiers."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import strategies as st

from core.hedged_book import BookPool, HedgedBook, HeldLeg, SpotHolding
from core.instruments import ContractKind, Tier, TierTable
from core.margin_rules import RequirementAt
from core.pool import Collateral, Contract, Ladder, Leg, WeightStep
from tests.core.money import decimals

D = Decimal
KINDS = {"linear": ContractKind.LINEAR, "inverse": ContractKind.INVERSE, "quanto": ContractKind.QUANTO}
UNITS = {ContractKind.LINEAR: "quote", ContractKind.INVERSE: "coin", ContractKind.QUANTO: "coin"}
PRICES = {"BTC": D(60000), "ETH": D(3000), "SOL": D(150), "USDT": D(1)}
BETAS = {"BTC": D(1), "ETH": D("1.2"), "SOL": D("1.6"), "USDT": D(0)}


def table(kind: ContractKind, *tiers: tuple[str, str], last_cap: str | None = None) -> TierTable:
    """A continuous table from (floor, rate) pairs."""
    built: list[Tier] = []
    for index, (floor, rate) in enumerate(tiers):
        cap = tiers[index + 1][0] if index + 1 < len(tiers) else last_cap
        before = built[-1] if built else None
        deduction = D(floor) * (D(rate) - before.rate) + before.deduction if before else D(0)
        built.append(Tier(D(floor), None if cap is None else D(cap), D(rate), deduction))
    return TierTable("test", UNITS[kind], tuple(built), 0, "test")


def short(
    coin: str,
    quantity: str,
    *,
    kind: str = "linear",
    entry: str | None = None,
    size: str = "1",
    tiers: TierTable | None = None,
    funding: str = "0",
    taker: str = "0",
    settle: str | None = None,
    **rules: object,
) -> HeldLeg:
    """A short (or, with a negative quantity, a long) of one coin at its present price."""
    family = KINDS[kind]
    settled = settle or (coin if kind == "inverse" else "USDT")
    contract = Contract(name=f"{coin}-{kind}", coin=coin, kind=family, contract_size=D(size), settle=settled)
    ladder = Ladder(tiers or table(family, ("0", "0.005")), family)
    leg = Leg(contract, -D(quantity), D(entry) if entry else PRICES[coin], ladder, **rules)  # type: ignore[arg-type]
    return HeldLeg(
        leg=leg,
        mark_price=PRICES[coin],
        settle_price=PRICES[settled],
        funding_rate=D(funding),
        taker_fee_rate=D(taker),
    )


def coins(asset: str, amount: str, *steps: tuple[str, str]) -> Collateral:
    """Collateral at its present price, with haircut steps of (floor, ratio)."""
    weights = tuple(WeightStep(D(floor), D(ratio)) for floor, ratio in steps or (("0", "1"),))
    return Collateral(asset=asset, amount=D(amount), price=PRICES[asset], steps=weights)


def isolated(name: str, margin: str, leg: HeldLeg) -> BookPool:
    """One position with its own margin."""
    pot = coins(leg.leg.contract.settle, margin)
    return BookPool(name=name, account="venue", collateral=(pot,), legs=(leg,), isolated=True)


def book(*pools: BookPool, **spot: str) -> HedgedBook:
    """A book of these pools and spot coins (``BTC="5"``)."""
    held = tuple(SpotHolding(asset=asset, quantity=D(amount), price=PRICES[asset]) for asset, amount in spot.items())
    return HedgedBook(spot=held, pools=pools, betas=BETAS)


@st.composite
def tier_tables(draw: st.DrawFn, kind: ContractKind, unit: Decimal) -> TierTable:
    """Tables with and without deductions and ends, with caps around the sizes that positions here have.

    ``unit`` is what 50,000 USD are in the table's unit.
    """
    widths = draw(st.lists(decimals("0.2", "5", 1), max_size=3))
    rates = draw(st.lists(decimals("0.001", "0.03", 3), min_size=len(widths) + 1, max_size=len(widths) + 1))
    jumps, ends = draw(st.booleans()), draw(st.integers(0, 9)) == 0
    tiers: list[Tier] = []
    floor, rate, deduction = D(0), D(0), D(0)
    for index, step in enumerate(rates):
        deduction += floor * step if index and not jumps else 0
        rate += step
        open_end = index == len(widths) and not ends
        cap = None if open_end else floor + unit * (widths[index] if index < len(widths) else D(25))
        tiers.append(Tier(floor, cap, rate, deduction))
        floor = cap or floor
    return TierTable("test", UNITS[kind], tuple(tiers), 0, "test", whole_position=jumps)


@st.composite
def legs(draw: st.DrawFn) -> HeldLeg:
    """A leg of 10,000 to 500,000 USD, short four times out of five."""
    kind = draw(st.sampled_from(["linear", "linear", "inverse", "quanto"]))
    coin = draw(st.sampled_from(["BTC", "ETH", "SOL"]))
    settle = {"linear": "USDT", "inverse": coin, "quanto": "BTC"}[kind]
    usd = draw(decimals("10000", "500000", 0)) * (-1 if draw(st.integers(0, 4)) == 0 else 1)
    amount = {"linear": usd / PRICES[coin], "inverse": usd, "quanto": usd / PRICES[coin] / PRICES["BTC"]}[kind]
    family = KINDS[kind]
    return short(
        coin,
        f"{amount:.8f}",
        kind=kind,
        settle=settle,
        entry=str(PRICES[coin] * draw(decimals("0.8", "1.25", 2))),
        tiers=draw(tier_tables(family, (50000 / PRICES[settle]).quantize(D("0.0001")))),
        funding=str(draw(decimals("-0.001", "0.001", 5))),
        taker=str(draw(decimals("0", "0.001", 5))),
        requirement_at=draw(st.sampled_from([RequirementAt.AT_LIQUIDATION, RequirementAt.AT_ENTRY])),
        fee_rate=draw(st.sampled_from([D(0), D("0.0005")])),
    )


@st.composite
def collaterals(draw: st.DrawFn) -> tuple[Collateral, ...]:
    """Some stable and some coins, at haircuts in steps."""
    found = [coins("USDT", str(draw(decimals("20000", "400000", 0))))]
    for asset in draw(st.lists(st.sampled_from(["BTC", "ETH", "SOL"]), max_size=3, unique=True)):
        amount = draw(decimals("1000", "300000", 0)) / PRICES[asset]
        found.append(coins(asset, f"{amount:.6f}", ("0", "0.95"), (f"{amount / 2:.6f}", "0.8")))
    return tuple(found)


@st.composite
def pools(draw: st.DrawFn, name: str = "pool") -> BookPool:
    """A cross pool of up to three legs, or an isolated one."""
    if draw(st.booleans()):
        leg = draw(legs())
        share = draw(decimals("0.1", "1.2", 2))
        usd = abs(leg.leg.amount) * (leg.mark_price * leg.settle_price if leg.leg.direct else D(1)) * share
        return isolated(name, f"{usd / leg.settle_price:.8f}", leg)
    held = tuple(draw(st.lists(legs(), min_size=1, max_size=3)))
    return BookPool(name=name, account="venue", collateral=draw(collaterals()), legs=held)


@st.composite
def books(draw: st.DrawFn) -> HedgedBook:
    """One to three pools beside some spot coins."""
    count = draw(st.integers(1, 3))
    held = [draw(pools(f"pool {index}")) for index in range(count)]
    return book(*held, BTC=str(draw(decimals("0", "5", 2))), ETH=str(draw(decimals("0", "50", 1))))

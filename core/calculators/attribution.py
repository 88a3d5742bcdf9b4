"""``attribution``: where the profit of a bag and its hedge came from between two instants."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

import msgspec

from core.anchors import Anchor, Coins, Leg, with_deposit, with_fill, with_funding
from core.attribution import Attribution, UnknownAttribution, attribute, effective_cost
from core.calculators.attribution_fields import (
    AttributionAnswer,
    AttributionRequest,
    BagField,
    ContractField,
    PartsField,
    TradeField,
)
from core.calculators.fields import NoValue, Unknown, contract_kind
from core.errors import RequestError
from core.exact import ZERO, exactly
from core.explain import note
from core.instruments import ContractKind
from core.parts import Parts
from core.pnl import fee

_BAG_PRICE = {"start_spot": "start_price", "end_spot": "end_price"}


@exactly
def attribution(request: AttributionRequest) -> AttributionAnswer | Unknown:
    """Answer an ``attribution`` request. Raises RequestError for fields that are lacking or contradict each other."""
    missing = _missing(request)
    if missing:
        return Unknown(missing=missing)
    coins = [_coins(index, bag, request) for index, bag in enumerate(request.bag)]
    legs = [_legs(index, contract, request) for index, contract in enumerate(request.contracts)]
    start = Anchor(
        time_ns=0,
        currency=request.currency,
        coins=tuple(before for before, _ in coins),
        legs=tuple(before for before, _ in legs),
        rates={rate.of: rate.start for rate in request.rates},
    )
    end = Anchor(
        time_ns=1,
        currency=request.currency,
        coins=tuple(after for _, after in coins),
        legs=tuple(after for _, after in legs),
        rates={rate.of: rate.end for rate in request.rates},
    )
    found = attribute(start, end)
    if isinstance(found, UnknownAttribution):
        return Unknown(missing=found.missing)
    return _answer(request, found, end)


# --- what is given -----------------------------------------------------------------------------------------------


def _missing(request: AttributionRequest) -> tuple[str, ...]:
    if not request.bag and not request.contracts:
        raise RequestError("bag", "one asset or contract at least", "none")
    _once("bag", "asset", [bag.asset for bag in request.bag])
    _once("contracts", "name", [_name(index, contract) for index, contract in enumerate(request.contracts)])
    _once("rates", "of", [rate.of for rate in request.rates])
    gaps: list[tuple[str, ...]] = [("cost",) if request.given("cost") and request.cost is None else ()]
    for index, bag in enumerate(request.bag):
        gaps += _bag_gaps(f"bag.{index}.", bag)
    for index, contract in enumerate(request.contracts):
        gaps += _contract_gaps(f"contracts.{index}.", contract, request)
    gaps += _rate_gaps(request)
    return tuple(dict.fromkeys(name for gap in gaps for name in gap))


def _once(where: str, field: str, names: Sequence[str]) -> None:
    for index, name in enumerate(names):
        if name in names[:index]:
            raise RequestError(f"{where}.{index}.{field}", "each of them once", f'"{name}" twice')


def _bag_gaps(within: str, bag: BagField) -> list[tuple[str, ...]]:
    gaps = [bag.lacking(name, within=within) for name in ("quantity", "end_price")]
    if bag.quantity:
        gaps.append(bag.lacking("start_price", within=within))
    if bag.given("end_quantity") and bag.end_quantity is None:
        gaps.append((f"{within}end_quantity",))
    return gaps


def _contract_gaps(within: str, contract: ContractField, request: AttributionRequest) -> list[tuple[str, ...]]:
    gaps = [contract.lacking("end_mark", within=within)]
    if contract.quantity or _holds_coins(contract):
        gaps.append(contract.lacking("start_mark", within=within))
    if contract.quantity:
        gaps.append(_spot_gap(within, contract, request, "start_spot"))
        gaps.append((f"{within}entry_price",) if contract.given("entry_price") and not contract.entry_price else ())
    if contract.quantity or contract.fills:
        gaps.append(_spot_gap(within, contract, request, "end_spot"))
    for index, trade in enumerate(contract.fills):
        trade.exclude_each_other("fee", "fee_rate", within=f"{within}fills.{index}.")
    if contract.kind == "quanto" and contract.settle is None:
        raise RequestError(f"{within}settle", "the coin a quanto is settled in", "nothing")
    return gaps


def _spot_gap(within: str, contract: ContractField, request: AttributionRequest, name: str) -> tuple[str, ...]:
    if not contract.given(name):
        for index, bag in enumerate(request.bag):
            if _same(bag, contract, request) and bag.given(_BAG_PRICE[name]):
                return bag.lacking(_BAG_PRICE[name], within=f"bag.{index}.")
    return contract.lacking(name, why="where the bag has no price of the asset in that quote", within=within)


def _holds_coins(contract: ContractField) -> bool:
    """True where an inverse contract holds coins from before the start, which the mark values."""
    earlier = contract.earlier
    return contract.kind == "inverse" and bool(earlier.realised or earlier.fees or earlier.funding)


def _rate_gaps(request: AttributionRequest) -> list[tuple[str, ...]]:
    listed = {rate.of: index for index, rate in enumerate(request.rates)}
    needed = [bag.quote or request.currency for bag in request.bag]
    needed += [_valued_in(contract, request) for contract in request.contracts]
    gaps: list[tuple[str, ...]] = []
    for currency in dict.fromkeys(needed):
        if currency == request.currency:
            continue
        if currency not in listed:
            raise RequestError("rates", f"a rate of {currency} in {request.currency}", "none")
        rate = request.rates[listed[currency]]
        gaps += [rate.lacking(name, within=f"rates.{listed[currency]}.") for name in ("start", "end")]
    return gaps


def _valued_in(contract: ContractField, request: AttributionRequest) -> str:
    quote = contract.quote or request.currency
    return quote if contract.kind == "inverse" else contract.settle or quote


def _name(index: int, contract: ContractField) -> str:
    return contract.name or f"contract {index}"


def _same(bag: BagField, contract: ContractField, request: AttributionRequest) -> bool:
    quotes = (bag.quote or request.currency, contract.quote or request.currency)
    return bag.asset == contract.asset and quotes[0] == quotes[1]


def _spot(contract: ContractField, request: AttributionRequest, name: str) -> Decimal | None:
    """The contract's own spot price under ``name``, or else the bag's."""
    stated: Decimal | None = getattr(contract, name)
    if stated is not None or contract.given(name):
        return stated
    return next((getattr(bag, _BAG_PRICE[name]) for bag in request.bag if _same(bag, contract, request)), None)


# --- its two ends ------------------------------------------------------------------------------------------------


def _coins(index: int, bag: BagField, request: AttributionRequest) -> tuple[Coins, Coins]:
    assert bag.quantity is not None
    before = Coins(
        asset=bag.asset, currency=bag.quote or request.currency, quantity=bag.quantity, price=bag.start_price
    )
    after = before
    for flow in bag.flows:
        after = with_deposit(after, flow.quantity, flow.price, flow.rate)
    held = after.quantity if bag.end_quantity is None else bag.end_quantity
    if held < 0:
        raise RequestError(f"bag.{index}.flows", f"no more than the {bag.quantity} coins held going out", str(held))
    return before, msgspec.structs.replace(after, quantity=held, price=bag.end_price)


def _legs(index: int, contract: ContractField, request: AttributionRequest) -> tuple[Leg, Leg]:
    quote = contract.quote or request.currency
    kind = contract_kind(contract.kind) if contract.kind != "quanto" else ContractKind.QUANTO
    before = Leg(
        instrument=_name(index, contract),
        kind=kind,
        contract_size=contract.contract_size,
        asset=contract.asset,
        quote=quote,
        settle=contract.settle or (contract.asset if contract.kind == "inverse" else quote),
        quantity=contract.quantity,
        entry_price=(contract.entry_price or contract.start_mark) if contract.quantity else None,
        mark_price=contract.start_mark,
        spot_price=_spot(contract, request, "start_spot"),
        realised=contract.earlier.realised,
        fees=contract.earlier.fees,
        funding=contract.earlier.funding,
    )
    after = with_funding(before, contract.funding)
    for trade in contract.fills:
        after = with_fill(
            after,
            trade.side,
            trade.price,
            trade.quantity,
            fee=_fee(kind, contract, trade),
            mark_price=trade.mark_price,
            spot_price=trade.spot_price,
        )
    return before, msgspec.structs.replace(
        after,
        fees=after.fees + contract.fees,
        mark_price=contract.end_mark,
        spot_price=_spot(contract, request, "end_spot"),
    )


def _fee(kind: ContractKind, contract: ContractField, trade: TradeField) -> Decimal:
    if trade.fee is not None:
        return trade.fee
    return fee(kind, trade.quantity, contract.contract_size, trade.price, trade.fee_rate or ZERO)


# --- what comes of it --------------------------------------------------------------------------------------------


def _answer(request: AttributionRequest, found: Attribution, end: Anchor) -> AttributionAnswer:
    undefined: dict[str, NoValue | Unknown] = {}
    cost = None
    if request.cost is not None:
        if len(end.coins) != 1:
            raise RequestError("cost", "a bag of one asset beside it", f"one of {len(end.coins)}")
        coins = end.coins[0].quantity
        if coins:
            paid = found.hedge.fees.copy_negate()
            cost = effective_cost(request.cost, found.realised, found.hedge.funding, paid, coins)
        else:
            undefined["effective_cost"] = NoValue(reason="there are no coins left in the bag")
    given = {"bag": found.bag.total, "hedge": found.hedge.total}
    note("hedged", "bag + hedge", found.hedged, given)
    note("unhedged", "bag", found.unhedged, {"bag": found.bag.total})
    note("protection", "hedged - unhedged", found.protection, {"hedged": found.hedged, "unhedged": found.unhedged})
    return AttributionAnswer(
        currency=found.currency,
        bag=_parts(found.bag),
        hedge=_parts(found.hedge),
        together=_parts(found.parts),
        hedged=found.hedged,
        unhedged=found.unhedged,
        protection=found.protection,
        realised=found.realised,
        unrealised=found.unrealised,
        effective_cost=cost,
        estimate=found.estimated,
        includes=found.includes,
        undefined=undefined,
    )


def _parts(parts: Parts) -> PartsField:
    return PartsField(
        **{name: getattr(parts, name) for name in parts.__struct_fields__}, total=parts.total, gross=parts.gross
    )

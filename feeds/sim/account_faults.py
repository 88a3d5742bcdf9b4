"""What happens to an account from outside: forced closings, other clients, keys, transfers, and new accounts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from core.books import MarginMode
from core.errors import RequestError
from feeds.sim.accounts import Account, PositionSide
from feeds.sim.catalogue import Listing
from feeds.sim.events import KeyExpired
from feeds.sim.fault import (
    ACCOUNT,
    CONTRACT,
    Fault,
    Parameters,
    account_of,
    amounts,
    flag,
    held_positions,
    listing_of,
    number,
    positive,
    text,
    venue_of,
)

if TYPE_CHECKING:
    from feeds.sim.simulator import Simulator


def _liquidate(simulator: Simulator, parameters: Parameters) -> None:
    venue, listing = listing_of(simulator, parameters)
    _, account = account_of(venue, parameters)
    for position in held_positions(account, listing):
        venue.exchange.settlement.liquidate(account, position)


def _deleverage(simulator: Simulator, parameters: Parameters) -> None:
    venue, listing = listing_of(simulator, parameters)
    _, account = account_of(venue, parameters)
    price = positive(parameters, "price") if "price" in parameters else venue.exchange.quote(listing).mark
    for position in held_positions(account, listing):
        quantity = positive(parameters, "quantity") if "quantity" in parameters else abs(position.quantity)
        if quantity % listing.instrument.quantity_step:
            raise RequestError("quantity", f"a multiple of {listing.instrument.quantity_step}", str(quantity))
        venue.exchange.settlement.deleverage(account, position, quantity, price)


def _set_leverage(simulator: Simulator, parameters: Parameters) -> None:
    venue, listing = listing_of(simulator, parameters)
    _, account = account_of(venue, parameters)
    leverage, most = number(parameters, "leverage"), listing.instrument.maximum_leverage
    if most is None or not 1 <= leverage <= most:
        raise RequestError("leverage", f"1 to {most}", str(leverage))
    venue.exchange.settings.leverage(account, listing, leverage, _side(parameters))


def _set_margin_mode(simulator: Simulator, parameters: Parameters) -> None:
    venue, listing = venue_of(simulator, parameters), _some_listing(simulator, parameters)
    _, account = account_of(venue, parameters)
    name = text(parameters, "mode")
    if name not in list(MarginMode):
        raise RequestError("mode", f"one of {', '.join(MarginMode)}", name)
    _check_flat(account, listing)
    venue.exchange.settings.margin_mode(account, MarginMode(name), listing, _side(parameters))


def _set_position_mode(simulator: Simulator, parameters: Parameters) -> None:
    venue, listing = venue_of(simulator, parameters), _some_listing(simulator, parameters)
    _, account = account_of(venue, parameters)
    hedges = flag(parameters, "hedge")
    _check_flat(account, listing)
    venue.exchange.settings.position_mode(account, hedges=hedges, listings=None if listing is None else [listing])


def _some_listing(simulator: Simulator, parameters: Parameters) -> Listing | None:
    """The listing, if one is named."""
    return listing_of(simulator, parameters)[1] if "symbol" in parameters else None


def _side(parameters: Parameters) -> PositionSide:
    name = parameters.get("side", PositionSide.BOTH.value)
    if name not in list(PositionSide):
        raise RequestError("side", f"one of {', '.join(PositionSide)}", str(name))
    return PositionSide(name)


def _check_flat(account: Account, listing: Listing | None) -> None:
    """Raise RequestError where a position or an open order is in the way, as it is at every venue."""
    in_the_way = [position.listing for position in account.held()] + [order.listing for order in account.open_orders()]
    if any(listing is None or other is listing for other in in_the_way if not other.spot):
        raise RequestError("key", "an account without positions and open orders there")


def _expire_key(simulator: Simulator, parameters: Parameters) -> None:
    venue = venue_of(simulator, parameters)
    key, account = account_of(venue, parameters)
    venue.exchange.book.expired.add(key.key)
    venue.exchange.notices(KeyExpired(key, account))


def _transfer(simulator: Simulator, parameters: Parameters) -> None:
    venue, asset, amount = venue_of(simulator, parameters), text(parameters, "asset"), number(parameters, "amount")
    _, account = account_of(venue, parameters)
    source = _wallet(account, parameters, "wallet") if "wallet" in parameters else account.rules.main
    if "to" in parameters:
        venue.exchange.settlement.move(account, asset, amount, source, _wallet(account, parameters, "to"))
    else:
        venue.exchange.settlement.transfer(account, asset, amount, source)


def _wallet(account: Account, parameters: Parameters, name: str) -> str:
    wallet = text(parameters, name)
    if wallet not in account.wallets:
        raise RequestError(name, f"one of {', '.join(account.wallets)}", wallet)
    return wallet


def _open_account(simulator: Simulator, parameters: Parameters) -> Parameters:
    venue = venue_of(simulator, parameters)
    rules = venue.exchange.rules
    wallets = {}
    if "wallet" in parameters or "wallets" not in parameters:
        wallets[rules.main] = amounts(parameters, "wallet")
    if "wallets" in parameters:
        named = parameters["wallets"]
        if not isinstance(named, dict):
            raise RequestError("wallets", "an object of amounts by wallet and asset")
        wallets |= {str(wallet): amounts(named, wallet) for wallet in named}
    keys = venue.exchange.book.open(text(parameters, "name"), wallets, venue.exchange.now_ms)
    return {"api_keys": [{"venue": venue.name, **msgspec.structs.asdict(key)} for key in keys]}


FAULTS: dict[str, Fault] = {
    "liquidate": Fault("liquidate a position now, at mark", (*CONTRACT, "key"), _liquidate),
    "deleverage": Fault(
        "close a position, or a quantity of it, against a loser's (ADL), at mark or a price",
        (*CONTRACT, "key", "price", "quantity"),
        _deleverage,
    ),
    "set_leverage": Fault(
        "set a contract's leverage, or one side's, as another client",
        (*CONTRACT, "key", "leverage", "side"),
        _set_leverage,
    ),
    "set_margin_mode": Fault(
        "set isolated or cross for an account or a contract, as another client",
        (*CONTRACT, "key", "mode", "side"),
        _set_margin_mode,
    ),
    "set_position_mode": Fault(
        "set hedge mode or one-way for an account or a contract, as another client",
        (*CONTRACT, "key", "hedge"),
        _set_position_mode,
    ),
    "expire_key": Fault("let an API key expire", ACCOUNT, _expire_key),
    "transfer": Fault(
        "move an amount into (or, negative, out of) a wallet; or 'to' another wallet",
        (*ACCOUNT, "asset", "amount", "wallet", "to"),
        _transfer,
    ),
    "open_account": Fault(
        "open another account and return its keys", ("venue", "name", "wallet", "wallets"), _open_account
    ),
}

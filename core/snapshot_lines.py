"""The lines of a book in the snapshot: each asset of the bag, and each hedge with its funding."""

from __future__ import annotations

import msgspec

from core.figures import NOT_RECKONED, Figure


class BagLine(msgspec.Struct, frozen=True, gc=False, omit_defaults=True, kw_only=True):
    """All lots of one asset. ``price`` in quote per coin, ``price_source`` says what it is ("spot mid", "index
    price"); ``cost`` is what was paid (quote), ``profit`` is value − cost, unrealised.
    ``effective_cost`` is the cost of one coin (quote) net of what its hedges have realised, their funding and their
    fees; open profit is not in it."""

    asset: str
    currency: str
    quantity: Figure
    price: Figure
    price_source: str
    value: Figure
    cost: Figure
    profit: Figure
    effective_cost: Figure = NOT_RECKONED


class FundingView(msgspec.Struct, frozen=True, gc=False, omit_defaults=True, kw_only=True):
    """Funding of one hedge. ``rate`` per ``interval_hours``; ``annualised`` is simple (rate × intervals a year).

    ``next_payment`` in the settle currency at the present mark and rate, + received, always an estimate;
    ``received`` is what settlements have paid so far; ``per_day`` the projection of the present rate.
    """

    rate: Figure
    interval_hours: Figure
    next_funding_ns: Figure
    annualised: Figure
    next_payment: Figure
    per_day: Figure
    received: Figure


class HedgeLine(msgspec.Struct, frozen=True, gc=False, omit_defaults=True, kw_only=True):
    """One hedge leg.

    ``quantity`` signed in the venue's order unit, ``delta`` in coins, ``notional`` in quote (unsigned) at mark.
    ``profit`` is unrealised P&L at mark and ``realised`` what closing fills have locked in, before fees, both in
    ``settle``; ``fees`` + paid. ``profit_quote`` is the same unrealised P&L in quote (equal for linear). ``basis``
    is mark − index as a fraction of index. ``ratio`` is −delta ÷ ``bag_coins``, the bag in coins of the contract, those
    that coin-margined hedges have won or lost among them; ``drift`` = ratio − target.
    ``liquidation_distance`` = (liquidation − mark) ÷ mark for a short, signed so that positive is safety for the
    held side (where both legs of hedge mode share a wallet, the larger one's). ``order_to_target`` is the signed order
    quantity that reaches the target, rounded to the venue's filters so as never to over-hedge. ``leg`` is ``net``, or
    the leg of hedge mode that the position is.

    ``liquidation_price`` is one of two: ``liquidation_venue``, the venue's own with its age, or ``liquidation_ours``;
    ``liquidation_difference`` is ours − the venue's. ``liquidation_disputed`` where they differ by more than 2% of the
    mark price: then the nearer one counts. ``bankruptcy_price`` is where the equity behind the position is used up.
    ``account_liquidation`` is the mark price at which all that backs the position is liquidated when the coin alone
    moves, with everything that is on it, coin collateral included. ``volatility`` is that of a day, by the estimator
    and window of ``volatility_source``; ``liquidation_sigmas`` the distance to the liquidation price in such days, and
    ``touch_day``, ``touch_week`` and ``touch_month`` the probability of touching it within 1, 7 and 30 days: estimates.

    Of a contract whose sheet tells its price, ``price_source`` says in words what the mark price is and where it comes
    from; ``price_typed`` where its user types it, ``price_rests`` where it is old only because the market is closed.
    """

    asset: str
    instrument: str
    venue: str
    symbol: str
    kind: str
    settle: str
    quote: str
    account: str
    quantity: Figure
    quantity_unit: str
    delta: Figure
    entry_price: Figure
    mark_price: Figure
    index_price: Figure
    bid_price: Figure
    ask_price: Figure
    notional: Figure
    profit: Figure
    profit_quote: Figure
    realised: Figure
    fees: Figure
    basis: Figure
    funding: FundingView
    margin: Figure
    maintenance_margin: Figure
    margin_usage: Figure
    liquidation_price: Figure
    liquidation_distance: Figure
    liquidation_source: str
    ratio: Figure
    target_ratio: Figure
    drift: Figure
    order_to_target: Figure
    opened_note: str = ""
    leg: str = "net"
    bag_coins: Figure = NOT_RECKONED
    liquidation_venue: Figure = NOT_RECKONED
    liquidation_ours: Figure = NOT_RECKONED
    liquidation_difference: Figure = NOT_RECKONED
    liquidation_disputed: bool = False
    bankruptcy_price: Figure = NOT_RECKONED
    account_liquidation: Figure = NOT_RECKONED
    account_liquidation_distance: Figure = NOT_RECKONED
    volatility: Figure = NOT_RECKONED
    volatility_source: str = ""
    liquidation_sigmas: Figure = NOT_RECKONED
    touch_day: Figure = NOT_RECKONED
    touch_week: Figure = NOT_RECKONED
    touch_month: Figure = NOT_RECKONED
    price_source: str = ""
    price_typed: bool = False
    price_rests: bool = False

"""The futures accounts of a book in the snapshot: what backs them, what they require, and where they end."""

from __future__ import annotations

import msgspec

from core.figures import NOT_RECKONED, Figure


class CollateralView(msgspec.Struct, frozen=True, gc=False, omit_defaults=True, kw_only=True):
    """Coins that back an account: ``amount`` in coins, of which ``counted`` count after the venue's haircut, worth
    ``value`` in the account's settle currency at ``price``."""

    asset: str
    amount: Figure
    price: Figure
    counted: Figure
    value: Figure


class DeathView(msgspec.Struct, frozen=True, gc=False, omit_defaults=True, kw_only=True):
    """Where an account is liquidated when only ``coin`` moves, from ``price``: the nearest of its pools ``above`` and
    ``below``, in quote per coin, with their distances as fractions of ``price``, positive while safe."""

    coin: str
    price: Figure
    above: Figure
    below: Figure
    distance_above: Figure
    distance_below: Figure


class BetaView(msgspec.Struct, frozen=True, gc=False, omit_defaults=True, kw_only=True):
    """How many per cent ``coin`` moves with one per cent of the driver: a statistic."""

    coin: str
    beta: Figure


class TogetherView(msgspec.Struct, frozen=True, gc=False, omit_defaults=True, kw_only=True):
    """Where an account is liquidated when all coins move by their betas to ``driver``: moves of the driver as fractions
    of its price, ``above`` positive and ``below`` negative. Estimates; ``source`` says where the betas come from."""

    driver: str
    above: Figure
    below: Figure
    betas: tuple[BetaView, ...]
    source: str


class AccountView(msgspec.Struct, frozen=True, gc=False, omit_defaults=True, kw_only=True):
    """A futures account. Money in ``settle``. ``margin_usage`` = maintenance margin ÷ margin balance (worse is
    higher, 1 is liquidation); ``usage_label`` is what the venue calls it. ``ratio`` is the margin ratio as the venue
    shows it, under ``ratio_label``, worse when ``ratio_worse``; ``rules`` names the margin rules and what they rest on.
    """

    name: str
    venue: str
    settle: str
    margin_mode: str
    paper: bool
    wallet_balance: Figure
    unrealised: Figure
    margin_balance: Figure
    initial_margin: Figure
    maintenance_margin: Figure
    margin_usage: Figure
    usage_label: str
    available: Figure
    rules: str = ""
    ratio: Figure = NOT_RECKONED
    ratio_label: str = ""
    ratio_worse: str = "higher"
    collateral: tuple[CollateralView, ...] = ()
    deaths: tuple[DeathView, ...] = ()
    together: TogetherView | None = None

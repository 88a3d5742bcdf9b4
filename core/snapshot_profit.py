"""The profit of a book in the snapshot, by cause, since the beginning, today and since the user's own anchor."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from core.figures import Figure


class Since(StrEnum):
    """What a profit is measured from: the beginning, the first valuation of the UTC day, or the user's own anchor."""

    INCEPTION = "inception"
    TODAY = "today"
    ANCHOR = "anchor"


class PartsView(msgspec.Struct, frozen=True, gc=False, omit_defaults=True, kw_only=True):
    """A profit by cause, in the book's currency, + gained: the parts add up to ``total`` exactly.

    ``price`` is what the move of spot made; ``convexity`` that of the coins which a coin-settled hedge had gained or
    lost before; ``basis`` the move of mark less spot; ``funding`` + received; ``fees`` − paid; ``slippage`` − where
    fills were worse than the mark; ``currencies`` the move of quote and settle currencies; ``residual`` what none of
    these explains.
    """

    price: Figure
    convexity: Figure
    basis: Figure
    funding: Figure
    fees: Figure
    slippage: Figure
    currencies: Figure
    residual: Figure
    total: Figure


class TransferView(msgspec.Struct, frozen=True, gc=False, omit_defaults=True, kw_only=True):
    """What came into (+) or left (−) an account, in ``asset``, by its venue's word: never a profit."""

    account: str
    asset: str
    amount: Figure


class AttributionView(msgspec.Struct, frozen=True, gc=False, omit_defaults=True, kw_only=True):
    """The profit of a book since ``since_ns`` (0: since its lots and positions were declared), in ``currency``.

    ``hedged`` is bag and hedge together (``parts``), ``unhedged`` what the ``bag`` alone made (``bag_parts``), and
    ``protection`` hedged less unhedged, which is what the ``hedge`` made (``hedge_parts``): − where it cost more than
    it saved. All are realised and unrealised, after fees and funding; ``gross`` is ``hedged`` before both. Of the hedge
    alone, before both, ``realised`` is what reducing fills have locked in meanwhile and ``unrealised`` the rest.
    ``includes`` says the same in words, and what is estimated.
    """

    since: Since
    since_ns: int
    currency: str
    parts: PartsView
    bag_parts: PartsView
    hedge_parts: PartsView
    bag: Figure
    hedge: Figure
    hedged: Figure
    unhedged: Figure
    protection: Figure
    gross: Figure
    realised: Figure
    unrealised: Figure
    includes: str
    transfers: tuple[TransferView, ...] = ()

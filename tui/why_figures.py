"""Which figures of the snapshot belong to which panel: what can be asked about from there."""

from __future__ import annotations

from dataclasses import dataclass

from core.figures import Figure
from core.snapshot import (
    AccountView,
    AlertView,
    AttributionView,
    BagLine,
    BookView,
    FundingView,
    HedgeLine,
    MarketView,
    PartsView,
    Totals,
)
from core.why.place import Chain, fact_of, figures, path_of, unit_of
from tui.picture import View

_RATIO = ("ratio", "target_ratio", "drift", "order_to_target")
_MARGIN = ("margin", "maintenance_margin", "margin_usage", "bankruptcy_price", "volatility")
_MARGIN_STARTS = ("liquidation", "account_liquidation", "touch")


@dataclass(frozen=True, slots=True)
class Asked:
    """One figure that can be asked about: its path, its name, of what it is, its value and its unit."""

    path: str
    name: str
    subject: str
    figure: Figure
    unit: str


def figures_of(panel: str, view: View) -> list[Asked]:
    """The figures behind a panel, of the selected hedge where the panel is about one."""
    return [_asked(chain, field) for chain, field in figures(view.live) if _belongs(panel, view, chain, field)]


def _asked(chain: Chain, field: str) -> Asked:
    owner = chain[-1][1]
    known = fact_of(type(owner), field)
    found = getattr(owner, field)
    assert isinstance(found, Figure)
    name = field.replace("_", " ") if known is None else known.name
    return Asked(path_of(chain, field), name, _subject(chain), found, "" if known is None else unit_of(known, chain))


def _subject(chain: Chain) -> str:
    """Of what a figure is, where a panel shows several."""
    path, owner = chain[-1]
    since = next((item.since.value for _, item in chain if isinstance(item, AttributionView)), "")
    match owner:
        case AttributionView():
            return since
        case PartsView():
            side = path.rpartition("/")[2].removesuffix("parts").removesuffix("_")
            return f"{side} {since}".strip()
        case BagLine(asset=name) | MarketView(instrument=name) | AccountView(name=name) | AlertView(subject=name):
            return name
        case Totals():
            return "book"
        case _:
            return str(getattr(owner, "asset", "") or getattr(owner, "coin", ""))


def _belongs(panel: str, view: View, chain: Chain, field: str) -> bool:
    if panel == "alerts":
        return chain[1][0].startswith("alerts/")
    if panel == "feeds":
        return chain[1][0].startswith("markets/")
    if panel == "orders":
        return chain[1][0].startswith(("stage", "orders/"))
    book = chain[1][1]
    if view.book is None or not isinstance(book, BookView) or book.name != view.book.name:
        return False
    return _of_book(panel, view, chain, field)


def _of_book(panel: str, view: View, chain: Chain, field: str) -> bool:
    """Figures of the selected book: bag, totals, and the selected hedge with its account."""
    kinds = [type(item) for _, item in chain]
    hedge = None if view.hedge is None else view.hedge[1]
    line = next((item for _, item in chain if isinstance(item, HedgeLine)), None)
    if line is not None and (hedge is None or line.instrument != hedge.instrument):
        return False
    account = next((item for _, item in chain if isinstance(item, AccountView)), None)
    if account is not None and (hedge is None or account.name != hedge.account):
        return False
    match panel:
        case "bag":
            return BagLine in kinds or (Totals in kinds and (field.startswith("bag") or field == "net_profit"))
        case "hedge":
            return kinds[-1] is HedgeLine or (Totals in kinds and field in ("hedge_notional", "hedge_profit", "fees"))
        case "profit":
            return AttributionView in kinds or field in ("effective_cost", "net_profit")
        case "funding":
            return FundingView in kinds or (Totals in kinds and field == "funding_received")
        case "ratio":
            return kinds[-1] in (HedgeLine, Totals) and field in (*_RATIO, "net_profit")
        case "margin":
            own = field in _MARGIN or field.startswith(_MARGIN_STARTS)
            return account is not None or (kinds[-1] is HedgeLine and own)
        case _:
            return True

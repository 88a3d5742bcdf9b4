"""The account behind a hedge: its margins, the ratio as the venue shows it, and the coins that back it."""

from __future__ import annotations

from core.snapshot import AccountView, DeathView, HedgeLine
from tui.format import Cell, Formatter
from tui.panels.fields import FIELD, LABEL, Field
from tui.rows import Row, fit, row_width, wrapped


def account_rows(show: Formatter, hedge: HedgeLine, account: AccountView | None, width: int) -> list[Row]:
    """The position's margin and the account's balances, one row each."""
    settle = hedge.settle
    fields = [
        Field("margin", hedge.margin, show.money(hedge.margin, currency=settle), settle),
        Field("mark", hedge.mark_price, show.price(hedge.mark_price), hedge.quote),
        Field("maintenance", hedge.maintenance_margin, show.money(hedge.maintenance_margin, currency=settle), settle),
    ]
    if account is None:
        return [field.row(show, width) for field in fields]
    fields += [
        Field("available", account.available, show.money(account.available, currency=settle), settle),
        Field(
            "balance",
            account.margin_balance,
            show.money(account.margin_balance, currency=settle),
            settle,
            hint=f"account {account.name}, {account.margin_mode}",
        ),
        Field(
            "wallet",
            account.wallet_balance,
            show.money(account.wallet_balance, currency=settle),
            settle,
            hint="without unrealised P&L",
        ),
        Field("initial", account.initial_margin, show.money(account.initial_margin, currency=settle), settle),
    ]
    rows = [field.row(show, width) for field in fields]
    # Isolated positions have no ratio in common: the margin use above is that of each.
    return rows if account.margin_mode == "isolated" else [_ratio_row(show, account, width), *rows]


def _ratio_row(show: Formatter, account: AccountView, width: int) -> Row:
    """The margin ratio as the venue shows it, which way is worse, and what the venue calls it where there is room."""
    if account.ratio.value is None or not show.known(account.ratio):
        return Field("ratio", account.ratio, show.percent(account.ratio)).row(show, width)
    row: Row = (
        Cell(fit("ratio", LABEL), "label"),
        show.percent(account.ratio, 8),
        Cell(f" {account.ratio_worse} is worse", "label"),
    )
    name = f", {account.venue}: {account.ratio_label}"
    return (*row, Cell(name, "label")) if row_width(row) + len(name) <= width else row


def collateral_rows(show: Formatter, account: AccountView, width: int) -> list[Row]:
    """Coins that back the account with what of them counts, and where each coin alone would end the account."""
    rows: list[Row] = []
    for coin in account.collateral:
        row: Row = (
            Cell(fit(coin.asset, 6), "value"),
            show.coins(coin.amount, 10),
            Cell(" counts ", "label"),
            show.coins(coin.counted, 10),
        )
        if coin.value.missing:
            worth: Row = (Cell(f"  needs {coin.value.missing[0]}", "unknown"),)
        else:
            money = show.money(coin.value, currency=account.settle)
            worth = (Cell("  = ", "label"), Cell(money.text.strip(), money.role), Cell(f" {account.settle}", "label"))
        rows.append((*row, *worth) if row_width(row) + row_width(worth) <= width else row)
    if len(account.deaths) > 1:
        rows += [_death_row(show, death, width) for death in account.deaths]
    return rows


def _death_row(show: Formatter, death: DeathView, width: int) -> Row:
    """Where one coin alone ends the account: per cent up and down, with the prices where there is room."""
    head = Cell(fit(f"{death.coin} alone", LABEL), "label")
    gaps = (*death.above.missing, *death.below.missing)
    if gaps:
        return (head, Cell(fit(f" — needs {gaps[0]}", width - LABEL), "unknown"))
    up, down = (show.percent(item) for item in (death.distance_above, death.distance_below))
    row: Row = (head, Cell(" rise", "label"), up, Cell(" fall", "label"), down)
    above, below = show.price(death.above).text.strip(), show.price(death.below).text.strip()
    prices = f"  ends the account at {above} / {below}"
    return (*row, Cell(prices, "label")) if row_width(row) + len(prices) <= width else row


def rule_rows(account: AccountView, width: int) -> list[Row]:
    """What the figures rest on."""
    return wrapped(f"rules: {account.rules}", min(width, 3 * FIELD), "label") if account.rules else []

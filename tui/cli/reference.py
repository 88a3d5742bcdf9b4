"""The reference pages of the documentation, written from the code they describe.

``python -m tui.cli.reference`` rewrites the files in ``docs/``; a test fails where one of them is stale.
"""

from __future__ import annotations

import sys
from pathlib import Path

from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from core.config_model import REPEATED, SECTIONS, header
from core.config_section import Section, rule_of
from tui.cli.config_text import toml_value
from tui.cli.reference_json import events_page, snapshot_page

_CONFIGURATION = """\
# Configuration

One TOML file. Hedgerow looks for it in this order: the option `--config FILE`, the environment variable
`HEDGEROW_CONFIG`, then `hedgerow/config.toml` in the XDG configuration folder (`~/.config/hedgerow/config.toml`).
`hedgerow init` writes a first one by asking, with every setting in it explained; `hedgerow doctor` checks it. Hedgerow
never changes the file by itself.

Amounts are exact decimals and may be written as numbers (`0.1`) or as text (`"0.1"`). A file with a fault is refused as
a whole: every fault is told with file, line, key, what was expected and what was found, and a key that does not exist
is an error, not ignored. Relative paths start from the folder of the file; `~` is your home folder.

A secret never stands in the file. `[venues.NAME]` says where it is kept: in an environment variable, behind a command,
or in a file of yours with mode 0600. Use a key that can only read.

Beside the venues listed below, any exchange that ccxt knows is a venue, once `pip install 'hedgerow[ccxt]'` has been
run: `ccxt.kraken`, with the markets `swap`, `future` and `spot` and with symbols as ccxt writes them
(`ccxt.kraken:swap:BTC/USD:USD`, `ccxt.kraken:spot:BTC/USD`). Its section is `[venues."ccxt.kraken"]`. Prices are pushed
where ccxt streams them and else polled; an account is read and never traded. Margin is an estimate: ccxt tells tiers
without deductions, and their rate is taken to be of the whole position. What ccxt does not tell (a funding interval,
tiers, a mark price) stays unknown. Such prices are not recorded, and there are no frames of theirs to decode.

In the tables, *needed* in the default column means that there is none; an empty cell means that the setting may be left
out and nothing takes its place.
"""


_EXAMPLE = """\
## A book hedged with an exchange-traded future

Ten bitcoin, half of them hedged with one future of 5 BTC that no feed describes. Something else appends its price to
`btc-december.txt`: each line a number (`92500`), or a time and a number (`2026-11-25T16:00:00Z 92500`).

```toml
[[contracts]]
venue = "cme"
symbol = "BTC"
kind = "linear"
base = "BTC"
quote = "USD"
settle = "USD"
multiplier = 5
tick_size = 5
tick_value = 25
quantity_step = 1
minimum_quantity = 1
settlement = "cash"
settlement_source = "CME CF Bitcoin Reference Rate, 16:00 London"
initial_margin = 125000
maintenance_margin = 113000
margin_as_of = 2026-11-20
fee = 6

[contracts.trading_hours]
zone = "America/Chicago"
sessions = ["Sun 17:00 - Fri 16:00"]
breaks = ["Mon 16:00 - Mon 17:00", "Tue 16:00 - Tue 17:00", "Wed 16:00 - Wed 17:00", "Thu 16:00 - Thu 17:00"]
holidays = [2026-12-25, 2027-01-01]

[[contracts.months]]
month = "2026-12"
last_trading_day = 2026-12-24
settles = 2026-12-25T16:00:00Z

[contracts.months.price]
file = "btc-december.txt"
price = "last"
index = "bybit:spot:BTCUSDT"

[[accounts]]
name = "broker"
venue = "cme"
settle = "USD"
wallet_balance = 300000
margin_mode = "cross"

[[books]]
name = "main"
lots = [{ asset = "BTC", quantity = 10, cost = 60000, price = "bybit:spot:BTCUSDT" }]

[[books.hedges]]
asset = "BTC"
instrument = "cme:futures:BTC-2026-12"
account = "broker"
target_ratio = 0.5
quantity = -1
entry_price = 91000
```

The same price from an address that answers with JSON, say `{"data": {"last": "92500", "ts": 1795622400000}}`; what
`QUOTES_TOKEN` holds in the environment is sent as it stands:

```toml
[contracts.months.price]
url = "https://quotes.example.com/v1/last?symbol=BTCZ6"
pointer = "/data/last"
time_pointer = "/data/ts"
time_format = "epoch_ms"
every_seconds = 15
headers = { Authorization = "QUOTES_TOKEN" }
```

Or typed by hand, here the settlement price of the day before; `e` in the monitor types the next one:

```toml
[contracts.months.price]
typed = true
mark = 92500
at = 2026-11-24T22:00:00Z
price = "settlement"
```

While the market is closed a price ages no further and reads late, and no order is sent. One that stays away while it is
open turns late, stale and unknown. What is no price (text, a number that is not above 0, a time before that of the
price held or in the future, an answer other than HTTP 200) is counted and shown in feed health and touches nothing; a
price that jumps by more than a factor of two counts when two more agree with it. Position, profit, margin and
liquidation go by that price, whatever it is. There are no quotes, so a paper order fills at it, for the sheet's `fee` a
contract; an isolated position opens with the sheet's `initial_margin`.
"""


_KEYS = """\
# Keys

`?` shows the same in the monitor, and what the marks beside figures mean. Every action is also found by its name with
`:` or `ctrl+p`.
"""


def configuration_page() -> str:
    """``docs/configuration.md``."""
    parts = [_CONFIGURATION]
    for name, section in SECTIONS.items():
        if name:
            parts.append(_section(name, section))
    parts.append(_EXAMPLE)
    return "\n".join(parts)


def _section(name: str, section: type[Section]) -> str:
    times = ", once for each" if name in REPEATED else ""
    doc = " ".join((section.__doc__ or "").split())
    rows = [_row(section, key, field) for key, field in section.model_fields.items() if f"{name}.{key}" not in SECTIONS]
    table = ["| key | what it may be | default | meaning |", "|---|---|---|---|", *rows]
    return "\n".join([f"## `{header(name)}`{times}", "", doc, "", *table, ""])


def _row(section: type[Section], key: str, field: FieldInfo) -> str:
    rule = rule_of(section, key)
    expected = rule.expected if rule is not None else ""
    if field.default is PydanticUndefined:
        default = "*needed*"
    else:
        default = "" if field.default is None else f"`{toml_value(field.default)}`"
    cells = (f"`{key}`", expected, default, str(field.description))
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def keys_page() -> str:
    """``docs/keys.md``."""
    from tui.actions import keys_table

    return f"{_KEYS}\n{keys_table()}\n"


PAGES = {
    "configuration.md": configuration_page,
    "events.md": events_page,
    "keys.md": keys_page,
    "snapshot.md": snapshot_page,
}
"""Every page by its name in ``docs/``."""


def main() -> int:
    """Rewrite the pages in the ``docs`` folder of the current directory."""
    folder = Path("docs")
    folder.mkdir(exist_ok=True)
    for name, page in PAGES.items():
        (folder / name).write_text(page(), encoding="utf-8")
        print(folder / name)
    return 0


if __name__ == "__main__":
    sys.exit(main())

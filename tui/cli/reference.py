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

In the tables, *needed* in the default column means that there is none; an empty cell means that the setting may be left
out and nothing takes its place.
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

"""What all sections of the configuration file share: their base, and the rules that more than one of them uses."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

from core.config_rules import Number, Rule, Text

NAME = Text('a name of letters, digits, ".", "_" and "-", up to 32', r"[A-Za-z0-9][A-Za-z0-9._-]{0,31}")
ASSET = Text('a coin in capitals such as "BTC"', r"[^\W_a-z]{1,20}")
TOKEN = Text(
    'a coin in capitals such as "BTC", or a token such as "stETH"', r"[^\W_a-z]{1,20}|(?=.*[A-Z])[A-Za-z0-9]{1,20}"
)
POSITIVE = Number(above=0)
NOT_NEGATIVE = Number(minimum=0)


class Section(BaseModel):
    """Base of all sections: an unknown key is an error, and nothing can be changed after loading."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, hide_input_in_errors=True)


def rule_of(section: type[Section], key: str) -> Rule | None:
    """The rule of one key, where it has one (a section within a section has none)."""
    rules = [item for item in section.model_fields[key].metadata if isinstance(item, Rule)]
    return rules[0] if rules else None

"""What the README shows can be done as it is shown."""

from __future__ import annotations

import re
from decimal import Decimal
from pathlib import Path

from core.config import parse_config
from tui.cli.main import COMMANDS

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def _blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)


def test_the_configuration_shown_is_a_valid_one() -> None:
    (text,) = _blocks("toml")
    (book,) = parse_config(text, Path("config.toml")).books
    assert (book.lots[0].quantity, book.hedges[0].target_ratio) == (Decimal(5), Decimal("0.5"))


def test_every_command_shown_exists_and_every_one_that_exists_is_shown() -> None:
    shown = set(re.findall(r"(?:`|/|^)hedgerow ([a-z]+)", README, re.MULTILINE))
    assert shown - set(COMMANDS) == set()
    assert set(COMMANDS) - shown - {"run"} == set()


def test_every_file_linked_exists() -> None:
    links = re.findall(r"\]\(([^)]+)\)", README)
    assert links
    assert [link for link in links if not (ROOT / link).exists()] == []


def test_the_checks_of_a_change_end_with_the_tests_as_the_readme_runs_them() -> None:
    last = (ROOT / ".ci" / "run").read_text(encoding="utf-8").strip().splitlines()[-1]
    assert last == "step python -m pytest -n 4 --dist loadfile"
    assert ".venv/bin/python -m pytest -n 4 --dist loadfile\n" in _blocks("sh")[1]

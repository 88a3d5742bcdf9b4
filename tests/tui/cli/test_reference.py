"""The documentation that is written from code says what the code says."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tui.cli.reference import PAGES

DOCS = Path(__file__).parents[3] / "docs"


@pytest.mark.parametrize(("name", "page"), PAGES.items())
def test_a_reference_page_is_up_to_date(name: str, page: Callable[[], str]) -> None:
    assert (DOCS / name).read_text(encoding="utf-8") == page(), "run: python -m tui.cli.reference"

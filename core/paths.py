"""Where files live, by the XDG base directory specification. Asking for a path creates nothing."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from platformdirs import PlatformDirs

_APPLICATION = "hedgerow"


def _dirs() -> PlatformDirs:
    return PlatformDirs(_APPLICATION, appauthor=False)


def config_path(chosen: str | None = None, environment: Mapping[str, str] = os.environ) -> Path:
    """The configuration file: the one chosen on the command line, else ``HEDGEROW_CONFIG``, else the default."""
    named = chosen or environment.get("HEDGEROW_CONFIG")
    return Path(named).expanduser() if named else _dirs().user_config_path / "config.toml"


def journal_path() -> Path:
    """The journal's default place, in the data folder."""
    return _dirs().user_data_path / "journal.sqlite"


def log_path() -> Path:
    """The log, in the state folder."""
    return _dirs().user_state_path / "hedgerow.log"

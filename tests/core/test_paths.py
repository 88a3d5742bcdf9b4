"""Where files live: the command line, then the environment, then the XDG folders; looking creates nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.paths import config_path, journal_path, log_path


@pytest.mark.parametrize(
    ("chosen", "environment", "found"),
    [
        ("a.toml", {"HEDGEROW_CONFIG": "b.toml"}, "a.toml"),
        (None, {"HEDGEROW_CONFIG": "b.toml"}, "b.toml"),
        (None, {"HEDGEROW_CONFIG": "~/b.toml"}, "{home}/b.toml"),
        (None, {"HEDGEROW_CONFIG": ""}, "{home}/config/hedgerow/config.toml"),
        (None, {}, "{home}/config/hedgerow/config.toml"),
    ],
)
def test_the_configuration_is_the_one_chosen(
    chosen: str | None, environment: dict[str, str], found: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    assert config_path(chosen, environment) == Path(found.format(home=tmp_path))
    assert list(tmp_path.iterdir()) == []


def test_journal_and_log_have_folders_of_their_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    assert journal_path() == tmp_path / "data" / "hedgerow" / "journal.sqlite"
    assert log_path() == tmp_path / "state" / "hedgerow" / "hedgerow.log"
    assert list(tmp_path.iterdir()) == []

"""What comes before anything heavy: the outline, and the word that a terminal is needed."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.terminal.pseudo import PseudoTerminal, environment
from tui.crash import headline, redact, write_log

ROOT = Path(__file__).parents[2]


def test_the_outline_needs_neither_textual_nor_anything_else_that_is_slow_to_import() -> None:
    code = "import sys, json, tui.start; print(json.dumps(sorted(name.partition('.')[0] for name in sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    loaded = set(json.loads(done.stdout))
    assert not loaded & {"textual", "rich", "msgspec", "pydantic", "httpx", "asyncio", "core", "feeds"}


def test_the_view_never_imports_the_feeds() -> None:
    code = "import sys, json, tui.app; print(json.dumps([name for name in sys.modules if name.startswith('feeds')]))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == []


def test_the_outline_is_withdrawn_where_the_monitor_never_comes() -> None:
    code = "from tui.start import skeleton; skeleton.show('DEMO'); raise SystemExit(3)"
    with PseudoTerminal([sys.executable, "-c", code], env=environment()) as terminal:
        assert terminal.exit_code(10) == 3
        output = bytes(terminal.output)
        assert b"DEMO" in output
        assert output.index(b"\x1b[?1049h") < output.index(b"DEMO") < output.index(b"\x1b[?1049l")
        assert output.rstrip().endswith(b"\x1b[?25h")


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("Invalid header: X-API-Key: abc", "Invalid header: X-API-Key: [redacted]"),
        ("secret='hunter2'", "secret='[redacted]'"),
        ("token=abc;rest", "token=[redacted];rest"),
        ("refused 9f86d081884c7d659a2feaa0c55ad015", "refused [redacted]"),
        ("division by zero", "division by zero"),
        ("no such file: /home/user/portfolio.toml", "no such file: /home/user/portfolio.toml"),
    ],
)
def test_secrets_are_redacted_and_the_rest_is_kept(text: str, kept: str) -> None:
    assert redact(text) == kept


def test_the_log_has_causes_and_places_but_no_local_values(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))

    def inner() -> None:
        hidden = "local-value-of-inner"
        raise KeyError(len(hidden))

    def outer() -> None:
        try:
            inner()
        except KeyError as error:
            raise RuntimeError("while starting") from error

    with pytest.raises(RuntimeError) as caught:
        outer()
    assert headline(caught.value).startswith("RuntimeError at test_start.py:")
    path = write_log(caught.value)
    assert path is not None
    text = path.read_text()
    assert "while starting" in text
    assert "KeyError: 20" in text
    assert "in inner" in text
    assert "local-value-of-inner\n" not in text.replace('hidden = "local-value-of-inner"', "")


def test_a_log_that_cannot_be_written_is_no_second_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "file"))
    assert write_log(ValueError("x")) is None

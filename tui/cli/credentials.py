"""From where the configuration says a key is kept to the key. Nothing here ever shows one, nor where it lies."""

from __future__ import annotations

import os
import re
import stat
import subprocess
from collections.abc import Mapping

from core.config import Config
from core.config_model import VenueSection
from core.errors import ConfigError
from feeds.registry import venue_module
from feeds.venue import Credentials

_COMMAND_SECONDS = 60
_LARGEST_SECRET = 10_000
_TOKEN = re.compile(r"[\x21-\x7e]+")


def is_configured(section: VenueSection | None) -> bool:
    """Whether a venue's section names a key at all."""
    return section is not None and bool(section.secret_env or section.secret_command or section.secret_file)


def resolve_credentials(config: Config, venue: str, environment: Mapping[str, str] = os.environ) -> Credentials | None:
    """The venue's API key, or ``None`` where none is configured.

    Raises ConfigError where one is configured and cannot be had; the error names the setting, never its value.
    """
    section = config.venues.get(venue)
    if section is None or not is_configured(section):
        return None
    return _Source(config, venue, section, environment).credentials()


class _Source:
    def __init__(self, config: Config, venue: str, section: VenueSection, environment: Mapping[str, str]) -> None:
        self._config, self._venue, self._section, self._environment = config, venue, section, environment

    def credentials(self) -> Credentials:
        if self._section.secret_env is not None:
            lines, setting = [self._variable("secret_env", self._section.secret_env)], "secret_env"
        elif self._section.secret_command is not None:
            lines, setting = self._printed(self._section.secret_command), "secret_command"
        else:
            assert self._section.secret_file is not None, "is_configured said so"
            lines, setting = self._file(self._section.secret_file), "secret_file"
        if self._section.api_key_env is not None:
            lines.insert(0, self._variable("api_key_env", self._section.api_key_env))
        if self._section.passphrase_env is not None:
            lines.append(self._variable("passphrase_env", self._section.passphrase_env))
        passphrase = venue_module(self._venue).PASSPHRASE
        if len(lines) != (3 if passphrase else 2) or not all(_TOKEN.fullmatch(line) for line in lines):
            raise self._error(setting, self._wanted(passphrase), "something else")
        return Credentials(*lines)

    def _wanted(self, passphrase: bool) -> str:
        if passphrase and not self._section.passphrase_env:
            return "the API key, the secret and the passphrase on three lines, or passphrase_env"
        return "the secret on one line" if self._section.api_key_env else "the API key and the secret on two lines"

    def _variable(self, setting: str, name: str) -> str:
        value = self._environment.get(name, "").strip()
        if not value:
            raise self._error(setting, "the name of a variable that is set in the environment", "one that is not set")
        return value

    def _printed(self, command: tuple[str, ...]) -> list[str]:
        try:
            done = subprocess.run(  # noqa: S603 - the user's own command, without a shell
                command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False, timeout=_COMMAND_SECONDS
            )
        except OSError as error:
            raise self._error("secret_command", "a command that can be run", error.strerror or "an error") from None
        except subprocess.TimeoutExpired:
            found = f"no end after {_COMMAND_SECONDS} seconds"
            raise self._error("secret_command", "a command that ends", found) from None
        if done.returncode:
            raise self._error("secret_command", "a command that succeeds", f"exit code {done.returncode}")
        return self._lines("secret_command", done.stdout)

    def _file(self, name: str) -> list[str]:
        try:
            with self._config.resolve(name).open("rb") as stream:
                state = os.fstat(stream.fileno())
                if not stat.S_ISREG(state.st_mode) or state.st_mode & 0o077 or state.st_uid != os.getuid():
                    raise self._error(
                        "secret_file", "a file of yours with mode 0600", f"mode {state.st_mode & 0o777:04o}"
                    )
                content = stream.read(_LARGEST_SECRET)
        except OSError as error:
            raise self._error("secret_file", "a file that can be read", error.strerror or "an error") from None
        return self._lines("secret_file", content)

    def _lines(self, setting: str, content: bytes) -> list[str]:
        try:
            return [line.strip() for line in content.decode().splitlines() if line.strip()]
        except UnicodeDecodeError:
            raise self._error(setting, "text", "something else") from None

    def _error(self, setting: str, expected: str, found: str) -> ConfigError:
        return ConfigError(str(self._config.file), 0, f"venues.{self._venue}.{setting}", expected, found)

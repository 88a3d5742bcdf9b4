"""The journal: an append-only record, on disk, of everything that money depends on.

One SQLite file in WAL mode with ``synchronous=FULL``: a row is on the disk when :meth:`Journal.append` returns. One
writer: a second process is refused while the first lives, and the lock dies with its holder. Rows are a kind, the
engine's time (ns) and a JSON body; nothing is ever changed or removed, which triggers in the file enforce. A file
that is damaged, foreign or of a later schema is refused and left as it is.
"""

from __future__ import annotations

import sqlite3
import zlib
from collections.abc import Iterator
from pathlib import Path

import msgspec

from core.errors import JournalError

SCHEMA_VERSION = 1
APPLICATION_ID = 0x48656467
"""Marks the file as a Hedgerow journal ("Hedg" in ASCII)."""

_SCHEMA = """
CREATE TABLE journal (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT,
    time_ns INTEGER NOT NULL,
    kind TEXT NOT NULL,
    body BLOB NOT NULL,
    checksum INTEGER NOT NULL
);
CREATE TRIGGER journal_no_update BEFORE UPDATE ON journal BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;
CREATE TRIGGER journal_no_delete BEFORE DELETE ON journal BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;
"""


class Row(msgspec.Struct, frozen=True):
    """One entry: its place, the engine's time, what kind of thing it is, and the thing as JSON."""

    sequence: int
    time_ns: int
    kind: str
    body: bytes


class Journal:
    """An open journal. Make one with :func:`open_journal`; ``None`` in its place means nothing is kept."""

    def __init__(self, connection: sqlite3.Connection, path: Path) -> None:
        self._connection = connection
        self.path = path

    def append(self, kind: str, time_ns: int, body: bytes) -> None:
        """Add a row and wait until it is on the disk. Raises JournalError; then nothing of it was added."""
        self.append_all([(kind, time_ns, body)])

    def append_all(self, rows: list[tuple[str, int, bytes]]) -> None:
        """Add several rows, all or none."""
        try:
            with self._connection:
                self._connection.execute("BEGIN IMMEDIATE")
                self._connection.executemany(
                    "INSERT INTO journal (kind, time_ns, body, checksum) VALUES (?, ?, ?, ?)",
                    [(kind, time_ns, body, _checksum(kind, time_ns, body)) for kind, time_ns, body in rows],
                )
        except sqlite3.Error as error:
            raise JournalError(f"journal {self.path} cannot be written: {error}") from error

    def rows(self) -> Iterator[Row]:
        """Every row, oldest first. Raises JournalError where the file cannot be read."""
        query = "SELECT sequence, time_ns, kind, body, checksum FROM journal ORDER BY sequence"
        try:
            for sequence, time_ns, kind, body, checksum in self._connection.execute(query):
                if checksum != _checksum(kind, time_ns, body):
                    raise JournalError(f"journal {self.path} is damaged in row {sequence}: move it away")
                yield Row(sequence, time_ns, kind, body)
        except sqlite3.Error as error:
            raise JournalError(f"journal {self.path} cannot be read: {error}") from error

    def close(self) -> None:
        """Let go of the file."""
        self._connection.close()


def _checksum(kind: str, time_ns: int, body: bytes) -> int:
    return zlib.crc32(body, zlib.crc32(f"{kind} {time_ns} ".encode()))


def open_journal(path: Path) -> Journal:
    """Open the journal at ``path``, or begin one where there is no file or an empty one.

    Raises JournalError, and leaves the file alone, where it is damaged, is no journal of ours, is of a later schema,
    is in use by another process, or may not be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        # Used by one thread at a time; which one that is changes when the engine moves to its own.
        connection = sqlite3.connect(path, isolation_level=None, timeout=0.2, check_same_thread=False)
    except (OSError, sqlite3.Error) as error:
        raise JournalError(f"journal {path} cannot be opened: {error}") from error
    try:
        begun = not _blank(connection)
        if begun:
            _check(connection, path)
        _configure(connection)
        if not begun:
            _begin(connection)
    except sqlite3.Error as error:
        connection.close()
        raise JournalError(f"journal {path} {_explain(error)}") from error
    except JournalError:
        connection.close()
        raise
    return Journal(connection, path)


def _blank(connection: sqlite3.Connection) -> bool:
    """True for a file that is new, or that a crash left before anything was in it."""
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    (tables,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    return not application and not tables


def _check(connection: sqlite3.Connection, path: Path) -> None:
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if application != APPLICATION_ID:
        raise JournalError(f"journal {path} is a database of something else: name another file, nothing was changed")
    if version != SCHEMA_VERSION:
        raise JournalError(f"journal {path} has schema {version}, this version reads {SCHEMA_VERSION}")
    problems = [found for (found,) in connection.execute("PRAGMA quick_check(3)") if found != "ok"]
    if problems:
        raise JournalError(f"journal {path} is damaged ({problems[0]}): move it away, nothing was changed")


def _configure(connection: sqlite3.Connection) -> None:
    # An exclusive WAL keeps a second writer out for as long as this process lives, and no longer.
    connection.execute("PRAGMA locking_mode=EXCLUSIVE")
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("BEGIN EXCLUSIVE")
    connection.execute("COMMIT")


def _begin(connection: sqlite3.Connection) -> None:
    connection.execute("BEGIN")
    for statement in _SCHEMA.strip().split(";\n"):
        if statement.strip():
            connection.execute(statement)
    connection.execute(f"PRAGMA application_id={APPLICATION_ID}")
    connection.execute(f"PRAGMA user_version={SCHEMA_VERSION}")
    connection.execute("COMMIT")


def _explain(error: sqlite3.Error) -> str:
    code = getattr(error, "sqlite_errorname", "")
    if code.startswith(("SQLITE_CORRUPT", "SQLITE_NOTADB")):
        return f"is damaged or no journal ({error}): move it away, nothing was changed"
    if code.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
        return "is in use by another Hedgerow"
    return f"cannot be used: {error}"

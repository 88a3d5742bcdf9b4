"""What the engine writes to its journal, and how it reads itself back.

Two promises differ. An *intent* (an order about to be handed out, a target about to change) is on the disk or does
not happen. A *fact* (a fill, a payment, an alert) has happened whatever the disk says: it is kept in memory in order
and written as soon as the disk takes it again.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

import msgspec

from core.anchors import UNSEEN, Coins, Moment
from core.book_anchor import Kept
from core.books import Account, Hedge
from core.commands import AnyCommand
from core.errors import JournalError
from core.events import AnyEvent
from core.freshness import SECOND_NS
from core.instruments import Instrument
from core.journal import Journal
from core.orders import OrderRequest
from core.snapshot import AlertView, Since

RETRY_NS = 5 * SECOND_NS


class Record(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True, tag_field="record"):
    """Base of everything journaled."""


class HedgeDeclared(Record, frozen=True, kw_only=True, tag="hedge"):
    """A hedge as its user wrote it: where position and target start from, until they write it differently."""

    book: str
    hedge: Hedge


class AccountDeclared(Record, frozen=True, kw_only=True, tag="account"):
    """An account as its user wrote it: where the wallet starts from."""

    account: Account


class ContractDescribed(Record, frozen=True, kw_only=True, tag="contract"):
    """A contract's payoff, needed to fold its fills again."""

    instrument: Instrument


class TargetChanged(Record, frozen=True, kw_only=True, tag="target"):
    """A target ratio moved; ``undo`` where it took back an earlier move."""

    book: str
    instrument: str
    before: Decimal
    after: Decimal
    undo: bool = False


class MarkTyped(Record, frozen=True, kw_only=True, tag="mark"):
    """The user typed the mark price of a contract at ``typed_ns``: from then on it ages."""

    instrument: str
    price: Decimal
    typed_ns: int


class OrderIntended(Record, frozen=True, kw_only=True, tag="intent"):
    """An order confirmed by the user, written before anything is sent."""

    request: OrderRequest


class CommandTaken(Record, frozen=True, kw_only=True, tag="command"):
    """Any other command."""

    command: AnyCommand


class EventTaken(Record, frozen=True, kw_only=True, tag="event"):
    """An account event that was folded; of a fill also what the market was then."""

    happened: AnyEvent
    moment: Moment = UNSEEN


class AlertChanged(Record, frozen=True, kw_only=True, tag="alert"):
    """An alert raised, worsened or ended."""

    alert: AlertView


class AnchorKept(Record, frozen=True, kw_only=True, tag="anchor"):
    """What a book's profit is measured from, from now on; ``None`` where it is no longer measured from anything."""

    book: str
    since: Since
    kept: Kept | None


class BagCounted(Record, frozen=True, kw_only=True, tag="bag"):
    """The coins that a book is declared to hold of one asset have changed: the sums of what came in and went out."""

    book: str
    coins: Coins


AnyRecord = (
    HedgeDeclared
    | AccountDeclared
    | ContractDescribed
    | TargetChanged
    | MarkTyped
    | OrderIntended
    | CommandTaken
    | EventTaken
    | AlertChanged
    | AnchorKept
    | BagCounted
)

_ENCODER = msgspec.json.Encoder()
_DECODER = msgspec.json.Decoder(AnyRecord)


class Recorder:
    """Writes records to a journal, or nowhere where there is none, and knows when that fails."""

    def __init__(self, journal: Journal | None, failure: str = "") -> None:
        """``failure`` is why a journal that is wanted could not even be opened: intents are then refused."""
        self._journal = journal
        self._waiting: list[tuple[str, int, bytes]] = []
        self._retry_ns = 0
        self.failure = failure

    @property
    def unread(self) -> bool:
        """True where a journal is wanted and what it holds could not be read."""
        return self._journal is None and bool(self.failure)

    @property
    def state(self) -> str:
        """What is wrong with the journal, in words; empty where it works and where none is wanted."""
        return f"{self.failure}; {len(self._waiting)} entries wait in memory" if self._waiting else self.failure

    def intend(self, record: AnyRecord, now_ns: int) -> None:
        """Write an intent, or raise JournalError and leave it undone."""
        if self._journal is not None:
            self._write([*self._waiting, _row(record, now_ns)], now_ns)
        elif self.failure:
            raise JournalError(self.failure)

    def note(self, record: AnyRecord, now_ns: int) -> None:
        """Write a fact, now or as soon as the journal takes it."""
        if self._journal is None:
            return
        self._waiting.append(_row(record, now_ns))
        if not self.failure or now_ns >= self._retry_ns:
            self.retry(now_ns)

    def retry(self, now_ns: int) -> None:
        """Try again to write what waits, at most every few seconds of engine time."""
        if self._journal is None or not (self._waiting or self.failure) or (self.failure and now_ns < self._retry_ns):
            return
        try:
            self._write(self._waiting, now_ns)
        except JournalError:
            return

    def _write(self, rows: list[tuple[str, int, bytes]], now_ns: int) -> None:
        assert self._journal is not None
        try:
            self._journal.append_all(rows)
        except JournalError as error:
            self.failure = str(error)
            self._retry_ns = now_ns + RETRY_NS
            raise
        self._waiting = []
        self.failure = ""

    def history(self) -> Iterator[tuple[int, AnyRecord]]:
        """Every record of earlier runs with its time, oldest first. Raises JournalError where one cannot be read."""
        if self._journal is None:
            return
        for row in self._journal.rows():
            try:
                yield row.time_ns, _DECODER.decode(row.body)
            except msgspec.MsgspecError as error:
                raise JournalError(f"journal {self._journal.path}, row {row.sequence}: {error}") from error


def _row(record: AnyRecord, now_ns: int) -> tuple[str, int, bytes]:
    kind = record.__struct_config__.tag
    return str(kind), now_ns, _ENCODER.encode(record)

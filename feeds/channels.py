"""The subscriptions of one socket: asked for, acknowledged, heard, silent or refused. Pure: no I/O, no clock.

An acknowledgement is not data. A channel is LIVE when a frame of its own has come, and SILENT when none has come in
time, whatever the socket's state and whatever the venue acknowledged.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import msgspec

from core.events import ChannelState, Heard, Ticker
from feeds.venue import ConnectionPlan, Subscription

_NS = 1_000_000_000
_PROMPT_NS = 10 * _NS
"""A channel that must speak as often as this is held to the limit for first data, so that its silence is said in
time; one that may rest longer is not."""


class Request(msgspec.Struct, frozen=True):
    """One frame that subscribes to ``channels``."""

    frame: str
    channels: tuple[str, ...]
    identity: frozenset[str]
    """The top-level texts and numbers of the frame: an answer that quotes one of them as its request is about it."""


class Channel:
    """One subscription on one socket. Times are ns on the engine's timeline, ``None`` until they happen."""

    __slots__ = (
        "asked_ns",
        "data_ns",
        "floors",
        "newest",
        "reason",
        "resubscribed",
        "silence_ns",
        "state",
        "subscription",
    )

    def __init__(self, subscription: Subscription) -> None:
        self.subscription = subscription
        self.silence_ns = None if subscription.silence_seconds is None else round(subscription.silence_seconds * _NS)
        self.state = ChannelState.REQUESTED
        self.reason = ""
        self.asked_ns: int | None = None
        self.data_ns: int | None = None
        self.resubscribed = False
        self.newest: dict[str, Ticker] = {}
        """The last word on each instrument heard on this channel that bore a venue time."""
        self.floors: dict[str, int] = {}
        """Venue times already shown by the socket this one replaces; anything older is dropped."""

    @property
    def name(self) -> str:
        """The venue's own topic or stream name."""
        return self.subscription.channel

    @property
    def satisfied(self) -> bool:
        """True where everything is as it should be: data, or an ack where silence is normal."""
        if self.silence_ns is None and self.state is ChannelState.ACKED:
            return True
        return self.state is ChannelState.LIVE


class ChannelBoard:
    """Every channel of one socket. ``changed`` is told of each change of state."""

    def __init__(
        self,
        plan: ConnectionPlan,
        compose: Callable[[Sequence[str]], Sequence[str]],
        changed: Callable[[Channel], None],
        *,
        first_data_seconds: float,
        refused_retry_seconds: float,
    ) -> None:
        self.channels = {item.channel: Channel(item) for item in plan.subscriptions}
        self._compose, self._changed = compose, changed
        self._first_data_ns = round(first_data_seconds * _NS)
        self._refused_retry_ns = round(refused_retry_seconds * _NS)
        self._open: list[Request] = []

    # --- what to send ---

    def ask(self, names: Iterable[str]) -> list[Request]:
        """The frames that subscribe to these channels, in the venue's grouping."""
        wanted = tuple(names)
        frames = self._compose(wanted) if wanted else ()
        if len(frames) == len(wanted):  # one each, in their order: such a frame need not name its channel
            requests = [_request(frame, (name,)) for frame, name in zip(frames, wanted, strict=True)]
        else:
            requests = [_request(frame, wanted) for frame in frames]
        self._open.extend(requests)
        return requests

    def ask_all(self) -> list[Request]:
        """The frames that subscribe to everything."""
        for channel in self.channels.values():
            self._changed(channel)
        return self.ask(self.channels)

    def sent(self, request: Request, now_ns: int) -> None:
        """The request went out: from now on its channels owe us data."""
        for name in request.channels:
            self.channels[name].asked_ns = now_ns

    # --- what came back ---

    def data(self, channel: Channel, now_ns: int) -> None:
        """A frame of this channel came. Data settles every doubt: it overrules an earlier refusal."""
        channel.data_ns = now_ns
        channel.resubscribed = False
        self._set(channel, ChannelState.LIVE)

    def answer(self, heard: Heard) -> list[Request]:
        """An ack or a refusal came; what to send because of it.

        A refused group is asked for again one by one, since one bad topic fails the whole frame.
        """
        request = self._request_of(heard)
        names = request.channels if request is not None else (heard.channel,) if heard.channel else ()
        waiting = [self.channels[name] for name in names if name in self.channels and not self.channels[name].data_ns]
        if heard.kind == "ack":
            for channel in waiting:
                if channel.state is ChannelState.REQUESTED:
                    self._set(channel, ChannelState.ACKED)
            return []
        if len(names) > 1:
            for channel in waiting:
                channel.asked_ns = None
            return [single for channel in waiting for single in self.ask([channel.name])]
        for channel in waiting:
            # A second request may be refused because the first one stands: that does not end the silence.
            if channel.state is not ChannelState.SILENT:
                self._set(channel, ChannelState.REFUSED, heard.detail)
        return []

    def check(self, now_ns: int) -> list[Request]:
        """Time has passed: mark what fell silent; ask again for it (once), and for what was refused long ago."""
        again: list[str] = []
        alive = any(not self._overdue(channel, now_ns) for channel in self._audible())
        for channel in self.channels.values():
            if channel.state is ChannelState.REFUSED:
                if channel.asked_ns is not None and now_ns - channel.asked_ns >= self._refused_retry_ns:
                    self._set(channel, ChannelState.REQUESTED)
                    again.append(channel.name)
            elif self._overdue(channel, now_ns) and channel.state is not ChannelState.SILENT:
                waited = (now_ns - self._last_sign(channel)) / _NS
                self._set(channel, ChannelState.SILENT, f"no data for {waited:.1f} s")
                if alive or channel.data_ns is None:
                    channel.resubscribed = True
                    again.append(channel.name)
        for name in again:
            self.channels[name].asked_ns = None
        return self.ask(again)

    # --- what it amounts to ---

    def next_check_ns(self, now_ns: int) -> int | None:
        """When :meth:`check` may next find something, ``None`` if it cannot."""
        heard = [channel for channel in self._audible() if self._last_sign(channel)]
        due = [self._last_sign(channel) + self._patience_ns(channel) for channel in heard]
        due += [
            channel.asked_ns + self._refused_retry_ns
            for channel in self.channels.values()
            if channel.state is ChannelState.REFUSED and channel.asked_ns is not None
        ]
        return min((moment for moment in due if moment > now_ns), default=None)

    def complete(self) -> bool:
        """True where every channel is satisfied."""
        return all(channel.satisfied for channel in self.channels.values())

    def troubled(self) -> list[Channel]:
        """The channels that are silent or refused."""
        return [item for item in self.channels.values() if item.state in (ChannelState.SILENT, ChannelState.REFUSED)]

    def given_up(self, now_ns: int) -> list[Channel]:
        """Silent channels for which asking again has not helped, or was not worth trying."""
        return [
            channel
            for channel in self.channels.values()
            if channel.state is ChannelState.SILENT and (not channel.resubscribed or self._overdue(channel, now_ns))
        ]

    def dead(self, now_ns: int) -> bool:
        """True where nothing on this socket speaks any more, though something should."""
        audible = self._audible()
        return bool(audible) and len(self.given_up(now_ns)) == len(audible)

    def satisfied_names(self) -> set[str]:
        """The channels that are as they should be."""
        return {channel.name for channel in self.channels.values() if channel.satisfied}

    # --- inside ---

    def _audible(self) -> list[Channel]:
        """The channels that owe us data: silence is not normal on them, and they are not refused."""
        return [
            channel
            for channel in self.channels.values()
            if channel.silence_ns is not None and channel.state is not ChannelState.REFUSED
        ]

    def _last_sign(self, channel: Channel) -> int:
        return max(channel.data_ns or 0, channel.asked_ns or 0)

    def _patience_ns(self, channel: Channel) -> int:
        assert channel.silence_ns is not None
        if channel.data_ns is None or channel.resubscribed or channel.silence_ns <= _PROMPT_NS:
            return min(self._first_data_ns, channel.silence_ns)
        return channel.silence_ns

    def _overdue(self, channel: Channel, now_ns: int) -> bool:
        if channel.silence_ns is None or (channel.asked_ns is None and channel.data_ns is None):
            return False
        if channel.resubscribed and channel.asked_ns is None:
            return False
        return now_ns - self._last_sign(channel) >= self._patience_ns(channel)

    def _request_of(self, heard: Heard) -> Request | None:
        """The request that an answer is about: the one it quotes, or names a channel of, or the only one open."""
        match = next((item for item in self._open if heard.request and heard.request in item.identity), None)
        if match is None and heard.channel:
            match = next((item for item in self._open if heard.channel in item.channels), None)
        if match is None and not heard.request and not heard.channel and self._open:
            match = self._open[0]
        if match is not None:
            self._open.remove(match)
        return match

    def _set(self, channel: Channel, state: ChannelState, reason: str = "") -> None:
        if channel.state is not state:
            channel.state, channel.reason = state, reason
            self._changed(channel)


def _request(frame: str, wanted: Sequence[str]) -> Request:
    """Which of the wanted channels a subscribe frame names, and how an answer may quote it."""
    named = tuple(name for name in wanted if f'"{name}"' in frame) or tuple(wanted)
    try:
        content = msgspec.json.decode(frame, type=dict[str, object])
    except msgspec.MsgspecError:
        content = {}
    quotable = frozenset(str(value) for value in content.values() if isinstance(value, str | int))
    return Request(frame, named, quotable)

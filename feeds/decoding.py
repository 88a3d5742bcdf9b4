"""Frames of a venue whatever they are about: for whoever has them without the connection they came on."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Final

from core.events import AnyEvent, FaultKind, FrameFault, Heard
from feeds.registry import account_decoder_for, decoder_for
from feeds.venue import Decoder

ACCOUNT: Final = "account"
"""The account that private frames are said to be of."""


class AnyFrameDecoder:
    """Public and private frames of one market, in one run. See :class:`feeds.venue.Decoder`.

    What the public decoder has no use for is shown to the private one; a frame that neither uses is told as the public
    one tells it.
    """

    def __init__(self, venue: str, market: str) -> None:
        """Raises RequestError for an unknown venue or market."""
        self._venue, self._market = venue, market
        self._public: Decoder = decoder_for(venue, market)

    @cached_property
    def _private(self) -> Decoder | None:
        """Made when a frame asks for it: what reads accounts takes longer to load than most frames to decode."""
        return account_decoder_for(self._venue, self._market, ACCOUNT)

    def reset(self) -> None:
        """Forget merged state."""
        self._public.reset()
        self.__dict__.pop("_private", None)

    def decode(self, frame: bytes | str, received_ns: int) -> Sequence[AnyEvent]:
        """The events of one frame; never raises on bad input."""
        told = self._public.decode(frame, received_ns)
        if not told or not all(_of_no_use(event) for event in told) or self._private is None:
            return told
        private = self._private.decode(frame, received_ns)
        return told if all(_is_unknown(event) for event in private) else private


def _is_unknown(event: AnyEvent) -> bool:
    return isinstance(event, FrameFault) and event.kind is FaultKind.UNKNOWN_TOPIC


def _of_no_use(event: AnyEvent) -> bool:
    return _is_unknown(event) or (isinstance(event, Heard) and event.kind == "unused")

"""An exchange that is read through ccxt, for the registry."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from core.errors import RequestError
from core.events import AnyEvent
from feeds.venue import AccountFeed, Credentials, Decoder, Endpoints, KeyRights, RestAnswer, VenueFeed

if TYPE_CHECKING:
    from feeds.rest import Dialect


class CcxtVenue:
    """See :class:`feeds.venue.VenueModule`."""

    def __init__(self, exchange: str) -> None:
        self._exchange = exchange

    @property
    def venue(self) -> str:
        """The name in the configuration."""
        return f"ccxt.{self._exchange}"

    @property
    def PASSPHRASE(self) -> bool:
        """Whether ccxt says that the exchange wants one; false where it cannot say, which :meth:`feed` tells."""
        from feeds.ccxt.exchange import exchange_class

        try:
            wanted = exchange_class(self._exchange)().requiredCredentials
        except RequestError:
            return False
        return bool(wanted.get("password"))

    @property
    def POLLS_TICKERS(self) -> bool:
        """See :class:`feeds.venue.VenueModule`: its polls are not recorded."""
        return True

    @property
    def TELLS_TIERS(self) -> bool:
        """Whether ccxt offers a call for them that can be trusted; false where it cannot say."""
        from feeds.ccxt.exchange import Client
        from feeds.ccxt.market import TIERS_MISTOLD

        if self._exchange in TIERS_MISTOLD:
            return False
        try:
            client = Client(self._exchange, None, None)
        except RequestError:
            return False
        return bool(client.can("fetchMarketLeverageTiers", "fetchLeverageTiers"))

    def feed(self, endpoints: Endpoints | None, credentials: Credentials | None) -> VenueFeed:
        """Market data. Raises RequestError where ccxt is not installed or does not know the exchange."""
        from feeds.ccxt.client import CcxtFeed

        return CcxtFeed(self._exchange, endpoints, credentials)

    def account_feed(self, account: str, endpoints: Endpoints | None, credentials: Credentials) -> AccountFeed:
        """An account, read only. Raises RequestError as :meth:`feed` does."""
        from feeds.ccxt.desk import CcxtDesk

        return CcxtDesk(self._exchange, account, endpoints, credentials)

    def decoder(self, market: str) -> Decoder:
        """Raises RequestError: ccxt hands over what it has read."""
        raise RequestError("venue", "a venue whose own frames are read: ccxt leaves nothing raw to decode", self.venue)

    def account_decoder(self, market: str, account: str) -> Decoder | None:
        """None."""
        return None

    def rest_paths(self) -> Sequence[str]:
        """None: ccxt reads the bodies."""
        return ()

    def rest_events(self, answer: RestAnswer) -> Sequence[AnyEvent]:
        """Nothing."""
        return ()

    def clock_api(self, endpoints: Endpoints | None) -> tuple[Dialect, str]:
        """Raises RequestError: ccxt asks for the time, see :meth:`clock_ms`."""
        raise RequestError("venue", "a venue that is asked without ccxt", self.venue)

    async def clock_ms(self, endpoints: Endpoints | None) -> int:
        """The exchange's time. Raises VenueError, also where ccxt cannot ask for it."""
        from feeds.ccxt.exchange import Client

        return await Client(self._exchange, endpoints, None).time_ms()

    async def key_rights(self, endpoints: Endpoints | None, credentials: Credentials) -> KeyRights | None:
        """ccxt does not tell."""
        return None

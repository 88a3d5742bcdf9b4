"""What an account can set: leverage, margin mode, position mode. Each venue checks by its own rules beforehand."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from decimal import Decimal

from core.books import MarginMode
from feeds.sim.accounts import Account, PositionSide, side_key
from feeds.sim.catalogue import Listing
from feeds.sim.events import AccountEvent, Setting, SettingsChanged


class Settings:
    """Changes settings and says so, so that every client of the account hears of it."""

    def __init__(self, tell: Callable[[AccountEvent], None]) -> None:
        self._tell = tell

    def leverage(
        self, account: Account, listing: Listing, leverage: Decimal, side: PositionSide = PositionSide.BOTH
    ) -> None:
        """Set a contract's leverage, or that of one of its sides."""
        account.leverages[side_key(listing, side)] = leverage
        self._tell(SettingsChanged(account, Setting.LEVERAGE, listing, side))

    def margin_mode(
        self,
        account: Account,
        mode: MarginMode,
        listing: Listing | None = None,
        side: PositionSide = PositionSide.BOTH,
    ) -> None:
        """Set the margin mode of a contract or of one of its sides; of the whole account without a listing."""
        if listing is None:
            account.account_mode = mode
        else:
            account.modes[side_key(listing, side)] = mode
        self._tell(SettingsChanged(account, Setting.MARGIN_MODE, listing, side))

    def position_mode(self, account: Account, *, hedges: bool, listings: Iterable[Listing] | None = None) -> None:
        """Hold long and short side by side or not: in the contracts named, or in all of the account's."""
        if listings is None:
            account.hedge_mode = hedges
            account.hedge_modes.clear()
            self._tell(SettingsChanged(account, Setting.POSITION_MODE))
            return
        for listing in listings:
            account.hedge_modes[listing.instrument.id] = hedges
            self._tell(SettingsChanged(account, Setting.POSITION_MODE, listing))

"""What becomes a price, and how long it counts as fresh."""

from __future__ import annotations

from decimal import Decimal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.events import ChannelState, ConnectionState, FaultKind, FrameFault, Ticker
from core.feeds_health import FeedsHealth
from core.figures import Figure, Freshness
from core.instrument_market import Field, Rhythm
from core.market import DRIFT_PARTS, Market
from tests.support.builders import LINEAR, SECOND, SPOT, at, channel, connection, perpetual, spot, ticker


class Seen:
    """A market with its feeds, and what they say of one field."""

    def __init__(self) -> None:
        self.feeds = FeedsHealth()
        self.market = Market(self.feeds)

    def tell(self, *events: Ticker) -> None:
        for event in events:
            self.market.apply(event)

    def mark(self, when: float) -> Figure:
        return self.market.figure(LINEAR, Field.MARK, at(when))

    @property
    def faults(self) -> int:
        return sum(item.faults for item in self.feeds.connections())


@pytest.fixture
def seen() -> Seen:
    return Seen()


@pytest.mark.parametrize(
    ("age", "freshness"),
    [
        (0, Freshness.LIVE),
        (2.9, Freshness.LIVE),
        (3, Freshness.LATE),
        (9.9, Freshness.LATE),
        (10, Freshness.STALE),
        (29.9, Freshness.STALE),
        (30, Freshness.UNKNOWN),
    ],
)
def test_a_mark_ages_by_its_receive_time(seen: Seen, age: float, freshness: Freshness) -> None:
    seen.tell(perpetual(0, 60_000))
    figure = seen.mark(age)
    assert figure.freshness is freshness
    assert figure.known is (freshness is not Freshness.UNKNOWN)


def test_an_unknown_mark_names_what_is_missing(seen: Seen) -> None:
    assert seen.mark(0).missing == (f"mark price of {LINEAR}",)


@pytest.mark.parametrize(("age", "freshness"), [(9.9, "live"), (10, "late"), (30, "stale"), (300, "unknown")])
def test_a_spot_price_that_stopped_is_stale_within_half_a_minute(seen: Seen, age: float, freshness: str) -> None:
    seen.tell(spot(0, 60_000))
    assert seen.market.middle(SPOT, at(age)).freshness.value == freshness


@pytest.mark.parametrize(("age", "freshness"), [(29, "live"), (30, "late"), (120, "stale"), (600, "unknown")])
def test_a_funding_rate_ages_slowly(seen: Seen, age: float, freshness: str) -> None:
    seen.tell(perpetual(0, 60_000))
    assert seen.market.figure(LINEAR, Field.FUNDING_RATE, at(age)).freshness.value == freshness


def test_a_field_that_a_ticker_does_not_affirm_ages_on(seen: Seen) -> None:
    seen.tell(perpetual(0, 60_000), ticker(5, mark=60_001))
    assert seen.mark(5).freshness is Freshness.LIVE
    assert seen.market.figure(LINEAR, Field.INDEX, at(5)).freshness is Freshness.LATE


# --- order and lateness --------------------------------------------------------------------------------------


def test_an_event_older_by_the_venues_clock_is_dropped_and_counted(seen: Seen) -> None:
    seen.tell(ticker(1, mark=60_000), ticker(2, mark=60_100))
    late = seen.market.apply(ticker(2.1, mark=59_000, venue_time_ns=at(1.5)))
    assert late.id == LINEAR, "what it was about is looked at all the same"
    assert seen.mark(2.1).value == 60_100
    assert seen.faults == 1


def test_of_two_events_of_one_moment_by_the_venues_clock_the_later_received_counts(seen: Seen) -> None:
    seen.tell(ticker(2, mark=60_000), ticker(2.1, mark=60_001, venue_time_ns=at(2)))
    assert seen.mark(2.1).value == 60_001
    assert seen.faults == 0


def test_an_event_without_a_venue_time_does_not_let_older_ones_in(seen: Seen) -> None:
    unstamped = msgspec.structs.replace(ticker(2.05, mark=60_050), venue_time_ns=None)
    seen.tell(ticker(2, mark=60_000), unstamped, ticker(2.1, mark=59_000, venue_time_ns=at(1.5)))
    assert seen.mark(2.1).value == 60_050


def test_a_channel_is_not_held_back_by_what_it_said_itself_without_a_venue_time(seen: Seen) -> None:
    unstamped = msgspec.structs.replace(ticker(2, mark=60_050), venue_time_ns=None)
    seen.tell(ticker(1, mark=60_000), unstamped, ticker(2.1, mark=60_100, venue_time_ns=at(1.9)))
    assert seen.mark(2.1).value == 60_100


def test_order_is_judged_per_channel_and_instrument(seen: Seen) -> None:
    seen.tell(ticker(2, mark=60_000, channel="all"))
    seen.tell(ticker(2.1, "bybit:linear:ETHUSDT", mark=3_000, channel="all", venue_time_ns=at(1)))
    seen.tell(ticker(2.2, bid=59_999, channel="book", venue_time_ns=at(1)))
    assert seen.market.figure("bybit:linear:ETHUSDT", Field.MARK, at(2.2)).value == 3_000
    assert seen.market.figure(LINEAR, Field.BID, at(2.2)).value == 59_999
    assert seen.faults == 0


def test_of_two_channels_the_later_by_the_venues_clock_is_believed(seen: Seen) -> None:
    seen.tell(ticker(1, mark=60_000, channel="ticker"), ticker(2, mark=60_100, channel="mark"))
    seen.tell(ticker(2.1, mark=60_050, channel="ticker", venue_time_ns=at(1.5)))
    assert seen.mark(2.1).value == 60_100
    assert seen.faults == 0, "a channel that speaks seldom is not at fault"
    seen.tell(ticker(2.2, mark=60_200, channel="ticker"))
    assert seen.mark(2.2).value == 60_200


def test_what_bears_no_time_replaces_what_another_channel_told_with_its_time_only_when_that_is_late(
    seen: Seen,
) -> None:
    answers = [
        msgspec.structs.replace(ticker(when, mark=60_000, channel="answer"), venue_time_ns=None)
        for when in (0, 2.9, 4, 4.1, 4.2)
    ]
    seen.tell(answers[0], ticker(1, mark=60_100, channel="stream"), answers[1])
    assert seen.mark(2.9).value == 60_100
    seen.tell(answers[2])
    assert seen.mark(4).value == 60_000, "the stream has said nothing for three seconds"
    seen.tell(ticker(4.05, mark=60_200, channel="stream"), answers[3])
    assert seen.mark(4.1).value == 60_200
    seen.feeds.connection_changed(connection(4.15, ConnectionState.RECONNECTING))
    seen.tell(answers[4])
    assert seen.mark(4.2).value == 60_000, "what ended is not waited for"


def test_of_two_channels_that_tell_the_funding_rate_the_later_is_believed(seen: Seen) -> None:
    seen.tell(ticker(2, rate="0.0002", channel="rate"))
    seen.tell(ticker(2.1, rate="0.0001", channel="ticker", venue_time_ns=at(1)))
    assert seen.market.figure(LINEAR, Field.FUNDING_RATE, at(2.1)).value == Decimal("0.0002")


def test_a_venue_that_restarts_its_clock_is_believed_again(seen: Seen) -> None:
    seen.tell(ticker(0, mark=60_000, venue_time_ns=at(3_600)))
    seen.tell(ticker(1, mark=60_001))
    assert seen.mark(1).value == 60_000
    seen.tell(ticker(10.5, mark=60_002))
    assert seen.mark(10.5).value == 60_002


@pytest.mark.parametrize("apart", [0, -1, 1.5, -3600])
def test_a_backlog_read_at_once_does_not_look_fresh(seen: Seen, apart: float) -> None:
    """Twenty seconds of frames arrive together: each is as old as it is late, whatever the venue's clock says."""
    seen.tell(ticker(0, mark=60_000, venue_time_ns=at(apart)))
    seen.tell(*(ticker(20, mark=60_000 + second, venue_time_ns=at(apart + second)) for second in range(1, 9)))
    assert seen.mark(20).value == 60_008
    assert seen.mark(20).freshness is Freshness.STALE
    observed_ns = seen.mark(20).observed_ns
    assert observed_ns is not None
    assert observed_ns - at(8) == 20 * SECOND // DRIFT_PARTS, "but for the drift that clocks are allowed"
    seen.tell(ticker(20.1, mark=60_020, venue_time_ns=at(apart + 20.1)))
    assert seen.mark(20.1).freshness is Freshness.LIVE


def test_a_clock_that_drifts_does_not_age_prices(seen: Seen) -> None:
    """The venue's loses 50 millionths of the time: after two days it is more than 8 s behind."""
    for second in range(0, 2 * 86_400, 900):
        venue_time_ns = at(second * (1 - 0.000_05))
        seen.tell(ticker(second, mark=60_000, venue_time_ns=venue_time_ns))
        assert seen.mark(second).freshness is Freshness.LIVE
        assert seen.mark(second).observed_ns == at(second)


@pytest.mark.parametrize("ahead", [2, 2.5, 3600])
def test_a_venue_time_in_the_future_says_nothing_about_how_late_others_are(seen: Seen, ahead: float) -> None:
    seen.tell(ticker(0, mark=60_000), ticker(1, index=60_000, channel="index", venue_time_ns=at(1 + ahead)))
    seen.tell(ticker(2, mark=60_001))
    observed_ns = seen.mark(2).observed_ns
    assert observed_ns is not None
    assert (observed_ns < at(1)) is (ahead <= 2), "up to that it is what the venue does at best"


@given(skew=st.integers(-1_000_000, 1_000_000))
def test_a_clock_that_is_set_wrong_does_not_age_prices(skew: int) -> None:
    """However far the venue's clock and ours are apart, steady data is live."""
    seen = Seen()
    for second in range(5):
        seen.tell(ticker(second, mark=60_000 + second, venue_time_ns=at(second) + skew * 1_000_000))
    assert seen.mark(4).freshness is Freshness.LIVE
    assert seen.mark(4).value == 60_004


# --- frozen --------------------------------------------------------------------------------------------------


def test_a_mark_that_ticked_and_then_froze_is_stale_though_messages_arrive(seen: Seen) -> None:
    for second in range(10):
        seen.tell(perpetual(second, 60_000 + second))
    for second in range(10, 75):
        seen.tell(perpetual(second, 60_009))
        expected = Freshness.LIVE if second < 69 else Freshness.STALE
        assert seen.mark(second).freshness is expected, second
    seen.tell(perpetual(75, 60_010))
    assert seen.mark(75).freshness is Freshness.LIVE


def test_a_market_that_never_ticked_is_not_frozen(seen: Seen) -> None:
    for second in range(200):
        seen.tell(perpetual(second, 60_000))
    assert seen.mark(199).freshness is Freshness.LIVE


def test_a_market_that_ticks_twice_a_minute_is_not_frozen_after_one(seen: Seen) -> None:
    for second in range(0, 601, 2):
        seen.tell(perpetual(second, 60_000 + second // 30))
    for second in range(602, 690, 2):
        seen.tell(perpetual(second, 60_020))
        assert seen.mark(second).freshness is Freshness.LIVE


@pytest.mark.parametrize(("seconds", "ticks"), [(1, True), (15, True), (16, False), (90, False)])
def test_a_market_ticks_by_what_it_did_most_of_the_time(seconds: int, ticks: bool) -> None:
    rhythm = Rhythm()
    for number in range(1, 60):
        rhythm.changed(seconds * SECOND)
        assert rhythm.ticks is (ticks and number >= 5)


@pytest.mark.parametrize(("before", "after"), [(1, 60), (59, 1)])
def test_a_market_that_takes_another_pace_is_another_market_after_a_while(before: int, after: int) -> None:
    rhythm = Rhythm()
    for _ in range(20):
        rhythm.changed(before * SECOND)
    was = rhythm.ticks
    rhythm.changed(after * SECOND)
    assert rhythm.ticks is was is (before <= 15), "one change of another pace proves nothing"
    for _ in range(30):
        rhythm.changed(after * SECOND)
    assert rhythm.ticks is (after <= 15)


# --- absurd --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("price", ["NaN", "sNaN", "Infinity", "-Infinity", "-1", "0", "-0"])
@pytest.mark.parametrize("field", ["mark_price", "index_price", "bid_price", "ask_price"])
def test_no_absurd_number_becomes_a_price(seen: Seen, field: str, price: str) -> None:
    seen.tell(perpetual(0, 60_000))
    good = {item: seen.market.figure(LINEAR, item, at(1)).value for item in Field}
    seen.tell(msgspec.structs.replace(ticker(1), **{field: Decimal(price)}))
    assert {item: seen.market.figure(LINEAR, item, at(1)).value for item in Field} == good
    assert seen.faults == 1


@pytest.mark.parametrize("rate", ["NaN", "0.3", "-0.3", "Infinity"])
def test_no_absurd_funding_rate_is_kept(seen: Seen, rate: str) -> None:
    seen.tell(perpetual(0, 60_000), ticker(1, rate=rate))
    assert seen.market.figure(LINEAR, Field.FUNDING_RATE, at(1)).value == Decimal("0.0001")
    assert seen.faults == 1


@pytest.mark.parametrize("rate", ["0.25", "-0.25", "0"])
def test_a_funding_rate_of_a_quarter_is_the_highest_that_is_kept(seen: Seen, rate: str) -> None:
    seen.tell(perpetual(0, 60_000), ticker(1, rate=rate))
    assert seen.market.figure(LINEAR, Field.FUNDING_RATE, at(1)).value == Decimal(rate)


def test_a_funding_rate_comes_with_when_it_is_next_due_and_how_often(seen: Seen) -> None:
    fields = (Field.NEXT_FUNDING, Field.FUNDING_INTERVAL)
    seen.tell(ticker(0, rate="0.0001", next_funding_ns=0, interval=0))
    assert [seen.market.figure(LINEAR, field, at(0)).value for field in fields] == [None, None], "0 is no time"
    seen.tell(ticker(1, rate="0.0001", next_funding_ns=at(3600), interval=4))
    seen.tell(ticker(2, rate="0.0001", next_funding_ns=-1, interval=-4), ticker(3, rate="0.0002"))
    assert [seen.market.figure(LINEAR, field, at(3)).value for field in fields] == [at(3600), 4]


@pytest.mark.parametrize("glitch", ["0.01", "29000", "121000", "6000000000"])
def test_a_single_far_off_price_is_not_shown(seen: Seen, glitch: str) -> None:
    seen.tell(ticker(0, mark=60_000), ticker(1, mark=glitch), ticker(2, mark=60_010))
    assert seen.mark(2).value == 60_010
    assert seen.faults == 1


@pytest.mark.parametrize("price", ["30000", "120000"])
def test_half_and_twice_the_price_are_no_glitch(seen: Seen, price: str) -> None:
    seen.tell(ticker(0, mark=60_000), ticker(1, mark=price))
    assert seen.mark(1).value == Decimal(price)
    seen.tell(ticker(2, index=60_000, mark=price))
    assert seen.market.figure(LINEAR, Field.INDEX, at(2)).known


def test_a_real_crash_is_believed_at_the_third_message(seen: Seen) -> None:
    seen.tell(ticker(0, mark=60_000), ticker(0.1, mark=25_000), ticker(0.2, mark=24_900))
    assert seen.mark(0.2).value == 60_000
    seen.tell(ticker(0.3, mark=24_800))
    assert seen.mark(0.3).value == 24_800


@pytest.mark.parametrize("between", [60_000, 60_001])
def test_glitches_with_a_good_price_between_them_never_confirm_each_other(seen: Seen, between: int) -> None:
    seen.tell(ticker(0, mark=60_000))
    for step in range(1, 13):
        seen.tell(ticker(step / 10, mark=between if step % 3 == 0 else 25_000))
        assert seen.mark(step / 10).value in (60_000, between)
    assert seen.faults == 8, "two of three"


@pytest.mark.parametrize(("later", "believed"), [(29.9, False), (30, True)])
def test_a_far_off_price_is_believed_at_once_where_none_is_known_any_more(
    seen: Seen, later: float, believed: bool
) -> None:
    seen.tell(ticker(0, mark=60_000), ticker(later, mark=25_000))
    assert seen.mark(later).value == (25_000 if believed else 60_000)


def test_glitches_that_disagree_never_confirm_each_other(seen: Seen) -> None:
    seen.tell(ticker(0, mark=60_000))
    for step, glitch in enumerate((1, 1_000_000, 3, 2_000_000, 5), start=1):
        seen.tell(ticker(step / 10, mark=glitch))
    assert seen.mark(0.6).value == 60_000


def test_a_mark_and_an_index_that_contradict_each_other_are_both_refused(seen: Seen) -> None:
    seen.tell(ticker(0, mark=60_000, index=600))
    assert not seen.mark(0).known
    assert not seen.market.figure(LINEAR, Field.INDEX, at(0)).known


def test_a_crossed_book_has_no_middle(seen: Seen) -> None:
    seen.tell(ticker(0, SPOT, bid=60_010, ask=60_000))
    assert not seen.market.figure(SPOT, Field.BID, at(0)).known
    assert not seen.market.middle(SPOT, at(0)).known
    seen.tell(ticker(1, SPOT, bid=60_010), ticker(2, SPOT, ask=60_000))
    assert seen.market.middle(SPOT, at(2)).missing == (f"uncrossed bid and ask of {SPOT}",)


def test_a_middle_needs_both_sides_and_is_as_old_as_the_older() -> None:
    for side, lacking in (("bid", "ask"), ("ask", "bid")):
        one = Seen()
        one.tell(ticker(0, SPOT, **{side: 60_000}))  # type: ignore[arg-type]
        assert one.market.middle(SPOT, at(0)).missing == (f"{lacking} price of {SPOT}",)
        one.tell(ticker(4, SPOT, **{lacking: 60_000}))  # type: ignore[arg-type]
        middle = one.market.middle(SPOT, at(12))
        assert (middle.value, middle.observed_ns, middle.freshness) == (Decimal(60_000), at(0), Freshness.LATE)


@pytest.mark.parametrize("side", ["bid", "ask"])
def test_a_middle_follows_either_side(seen: Seen, side: str) -> None:
    seen.tell(ticker(0, SPOT, bid=60_000, ask=60_010))
    assert seen.market.middle(SPOT, at(0)).value == 60_005
    seen.tell(ticker(1, SPOT, **{side: 60_004}))  # type: ignore[arg-type]
    assert seen.market.middle(SPOT, at(1)).value == (60_007 if side == "bid" else 60_002)


def test_the_last_price_is_used_for_nothing(seen: Seen) -> None:
    seen.tell(ticker(0, last=60_000))
    assert not any(seen.market.figure(LINEAR, field, at(0)).known for field in Field)


# --- interruptions -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("state", [ConnectionState.RECONNECTING, ConnectionState.CLOSED])
def test_a_lost_connection_makes_its_quotes_stale_at_once(seen: Seen, state: ConnectionState) -> None:
    seen.tell(perpetual(0, 60_000), spot(0, 60_000))
    seen.feeds.connection_changed(connection(0.1, state))
    assert seen.mark(0.2).freshness is Freshness.STALE
    assert seen.mark(0.2).value == 60_000
    assert seen.market.middle(SPOT, at(0.2)).freshness is Freshness.LIVE


def test_reconnecting_does_not_make_an_old_price_fresh_but_new_data_does(seen: Seen) -> None:
    seen.tell(perpetual(0, 60_000))
    for state in (ConnectionState.RECONNECTING, ConnectionState.SUBSCRIBING, ConnectionState.LIVE):
        seen.feeds.connection_changed(connection(0.1, state))
        assert seen.mark(0.2).freshness is Freshness.STALE
    seen.tell(ticker(0.3, index=60_001))
    assert seen.mark(0.3).freshness is Freshness.STALE, "the mark itself was not affirmed yet"
    seen.tell(ticker(0.4, mark=60_000))
    assert seen.mark(0.4).freshness is Freshness.LIVE


@pytest.mark.parametrize("state", [ChannelState.SILENT, ChannelState.REFUSED])
def test_a_silent_channel_makes_only_its_own_quotes_stale(seen: Seen, state: ChannelState) -> None:
    seen.feeds.channel_changed(channel(0, ChannelState.LIVE, "tickers.BTCUSDT"))
    seen.feeds.channel_changed(channel(0, ChannelState.LIVE, "book"))
    seen.tell(ticker(0, mark=60_000), ticker(0, bid=59_999, channel="book"))
    seen.feeds.channel_changed(channel(1, state, "book"))
    assert seen.mark(1).freshness is Freshness.LIVE
    assert seen.market.figure(LINEAR, Field.BID, at(1)).freshness is Freshness.STALE


def test_markets_that_share_a_channel_name_do_not_share_its_fate(seen: Seen) -> None:
    for name in ("linear", "spot"):
        seen.feeds.connection_changed(connection(0, ConnectionState.LIVE, name=name))
        seen.feeds.channel_changed(channel(0, ChannelState.LIVE, name=name))
    seen.tell(perpetual(0, 60_000), spot(0, 60_000))
    seen.feeds.connection_changed(connection(1, ConnectionState.RECONNECTING, name="spot"))
    assert seen.mark(1).freshness is Freshness.LIVE
    assert seen.market.middle(SPOT, at(1)).freshness is Freshness.STALE


def test_a_channel_is_found_on_a_connection_not_named_after_its_market(seen: Seen) -> None:
    name = "binance:usdm:BTCUSDT"
    seen.feeds.channel_changed(channel(0, ChannelState.ACKED, "btcusdt@markPrice@1s", venue="binance", name="market"))
    seen.tell(ticker(0, name, mark=60_000, channel="btcusdt@markPrice@1s"))
    seen.feeds.connection_changed(connection(1, ConnectionState.RECONNECTING, venue="binance", name="market"))
    assert seen.market.figure(name, Field.MARK, at(1)).freshness is Freshness.STALE


@pytest.mark.parametrize("order", [("spot", "public"), ("public", "spot")])
def test_another_markets_connection_is_not_taken_for_ones_own(seen: Seen, order: tuple[str, str]) -> None:
    """Binance names the same topic on its spot socket and on its futures' public one."""
    name, topic = "binance:usdm:BTCUSDT", "btcusdt@bookTicker"
    for owner in order:
        seen.feeds.channel_changed(channel(0, ChannelState.LIVE, topic, venue="binance", name=owner))
    seen.tell(ticker(0, name, bid=60_000, channel=topic))
    seen.tell(ticker(0, "binance:spot:BTCUSDT", bid=60_001, channel=topic))
    seen.feeds.connection_changed(connection(1, ConnectionState.RECONNECTING, venue="binance", name="spot"))
    assert seen.market.figure(name, Field.BID, at(1)).freshness is Freshness.LIVE
    assert seen.market.figure("binance:spot:BTCUSDT", Field.BID, at(1)).freshness is Freshness.STALE


def test_data_before_its_connection_was_reported_still_ends_with_it(seen: Seen) -> None:
    name = "binance:usdm:BTCUSDT"
    seen.tell(ticker(0, name, mark=60_000, channel="mark"))
    seen.feeds.channel_changed(channel(0.5, ChannelState.LIVE, "mark", venue="binance", name="market"))
    seen.feeds.connection_changed(connection(1, ConnectionState.CLOSED, venue="binance", name="market"))
    assert seen.market.figure(name, Field.MARK, at(1)).freshness is Freshness.STALE
    assert [item.name for item in seen.feeds.connections()] == ["market"]


@pytest.mark.parametrize("first", ["told", "data"])
def test_data_ends_with_the_socket_it_came_on_not_with_the_one_named_after_its_market(seen: Seen, first: str) -> None:
    """WEEX has books on sockets of their own, beside one that is named after their market."""
    name, topic = "weex:linear:BTCUSDT", "BTCUSDT@depth15"
    seen.feeds.connection_changed(connection(0, ConnectionState.LIVE, venue="weex", name="linear"))
    if first == "data":
        seen.tell(ticker(0, name, bid=60_000, channel=topic))
    seen.feeds.channel_changed(channel(0.1, ChannelState.LIVE, topic, venue="weex", name="books"))
    seen.feeds.connection_changed(connection(0.1, ConnectionState.LIVE, venue="weex", name="books"))
    seen.tell(ticker(0.2, name, bid=60_001, channel=topic))
    seen.feeds.connection_changed(connection(1, ConnectionState.RECONNECTING, venue="weex", name="linear"))
    assert seen.market.figure(name, Field.BID, at(1)).freshness is Freshness.LIVE
    seen.feeds.connection_changed(connection(2, ConnectionState.RECONNECTING, venue="weex", name="books"))
    assert seen.market.figure(name, Field.BID, at(2)).freshness is Freshness.STALE


def test_data_on_a_second_socket_of_its_market_ends_with_that_socket(seen: Seen) -> None:
    name, topic = "okx:swap:ETH-USDT-SWAP", "mark-price:ETH-USDT-SWAP"
    for owner, its in (("swap", "mark-price:BTC-USDT-SWAP"), ("swap 2", topic)):
        seen.feeds.channel_changed(channel(0, ChannelState.LIVE, its, venue="okx", name=owner))
    seen.tell(ticker(0, name, mark=3000, channel=topic))
    seen.feeds.connection_changed(connection(1, ConnectionState.RECONNECTING, venue="okx", name="swap 2"))
    assert seen.market.figure(name, Field.MARK, at(1)).freshness is Freshness.STALE


def test_what_one_market_was_told_is_not_given_to_anothers_connection(seen: Seen) -> None:
    seen.tell(perpetual(0, 60_000))
    seen.feeds.channel_changed(channel(0.1, ChannelState.LIVE, "tickers.BTCUSDT", name="spot"))
    seen.feeds.connection_changed(connection(1, ConnectionState.RECONNECTING, name="spot"))
    assert seen.mark(1).freshness is Freshness.LIVE


# --- what feed health shows ----------------------------------------------------------------------------------


def test_the_age_of_data_is_that_of_the_connection_which_told_of_its_channel(seen: Seen) -> None:
    """Data that came before its connection was heard of is no longer that of the one it was ascribed to."""
    name, topic = "weex:linear:BTCUSDT", "BTCUSDT@depth15"
    seen.feeds.connection_changed(connection(0, ConnectionState.LIVE, venue="weex", name="linear"))
    seen.tell(ticker(1, name, mark=60_000, channel="BTCUSDT@ticker"), ticker(2, name, bid=60_000, channel=topic))
    seen.feeds.channel_changed(channel(3, ChannelState.LIVE, topic, venue="weex", name="books"))
    books, linear = (item.view(at(3)) for item in seen.feeds.connections())
    assert [(item.channel, item.last_data_ns) for item in books.channels] == [(topic, at(2))]
    assert [(item.channel, item.last_data_ns) for item in linear.channels] == [("BTCUSDT@ticker", at(1))]
    assert (books.last_data_ns, linear.last_data_ns) == (at(2), at(1))


def test_feed_health_counts_frames_faults_and_reconnects(seen: Seen) -> None:
    seen.feeds.connection_changed(connection(0, ConnectionState.LIVE))
    seen.tell(perpetual(0, 60_000), perpetual(1, 60_001))
    seen.feeds.fault(FrameFault(venue="bybit", connection="linear", kind=FaultKind.TRUNCATED, detail="ends at byte 7"))
    seen.feeds.connection_changed(connection(2, ConnectionState.RECONNECTING, reason="silent for 10 s"))
    seen.feeds.connection_changed(connection(3, ConnectionState.RECONNECTING, reason="refused"))
    (view,) = (item.view(at(3)) for item in seen.feeds.connections())
    assert (view.frames, view.faults, view.reconnects) == (2, 1, 1)
    assert view.last_fault == "truncated: ends at byte 7"
    assert view.reason == "refused"
    assert view.last_data_ns == at(1)
    assert view.freshness is Freshness.STALE

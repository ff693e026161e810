"""Several venues' days made one: their median, without a venue that stands far from it."""

from __future__ import annotations

from hypothesis import given, strategies as st

from engine.sources.venues import Bar, Combined, combine


def bar(close: float, date: str = "2026-03-17", volume: float = 10.0) -> Bar:
    return Bar(date, close, close * 1.01, close * 0.99, close, volume)


def made(last: float | None = 100.0, volume_of: str | None = "a", **bars: Bar | list[Bar]) -> Combined:
    return combine("BTC", 1, {v: b if isinstance(b, list) else [b] for v, b in bars.items()}, volume_of, last)


def reasons(found: Combined) -> list[str]:
    return [reject.reason for reject in found.rejects]


def test_three_venues_make_their_median_and_confirm_it() -> None:
    found = made(a=bar(100.0), b=bar(101.0), c=bar(103.0))
    assert [candle.close for candle in found.candles] == [101.0]
    assert found.confirmed == {"2026-03-17"}
    assert found.rejects == []


def test_a_venue_a_quarter_away_from_the_median_is_dropped() -> None:
    found = made(a=bar(100.0), b=bar(101.0), c=bar(140.0))
    assert found.candles[0].close == 100.5
    assert reasons(found) == ["venues disagree"]
    assert found.confirmed == {"2026-03-17"}


def test_of_two_that_disagree_the_one_that_continues_the_last_close_stands_unconfirmed() -> None:
    found = made(a=bar(150_000.0), b=bar(99.0))
    assert [candle.close for candle in found.candles] == [99.0]
    assert found.confirmed == set()
    assert reasons(found) == ["venues disagree"]


def test_where_nothing_was_before_two_that_disagree_are_both_dropped() -> None:
    found = made(last=None, a=bar(150.0), b=bar(99.0))
    assert found.candles == []
    assert len(found.rejects) == 2


def test_one_venue_stands_alone_and_confirms_nothing() -> None:
    found = made(b=bar(99.0))
    assert found.candles[0].close == 99.0
    assert found.confirmed == set()


def test_a_crash_that_all_venues_show_is_confirmed_however_deep() -> None:
    found = made(a=bar(0.01), b=bar(0.0101), c=bar(0.0099))
    assert found.candles[0].close == 0.01
    assert found.confirmed == {"2026-03-17"}


def test_the_volume_is_one_venues_own_and_missing_where_that_venue_is() -> None:
    here = made(a=bar(100.0, volume=7.0), b=bar(102.0, volume=900.0)).candles[0]
    assert (here.volume_usd, here.source) == (700.0, "a")
    absent = made(b=bar(102.0), c=bar(102.0)).candles[0]
    assert (absent.volume_usd, absent.source) == (None, "a")
    unknown = made(volume_of=None, b=bar(102.0)).candles[0]
    assert (unknown.volume_usd, unknown.source) == (None, "")


def test_a_venue_that_contradicts_itself_is_not_counted() -> None:
    found = made(a=[bar(100.0), bar(101.0)], b=bar(100.0))
    assert reasons(found) == ["duplicate"]
    assert found.confirmed == set()


numbers = st.floats(allow_nan=True, allow_infinity=True) | st.floats(50.0, 150.0)
bars = st.builds(Bar, st.sampled_from(["2026-03-16", "2026-03-17"]), *([numbers] * 5))


@given(st.dictionaries(st.sampled_from("abcd"), st.lists(bars, max_size=3), max_size=4), st.none() | st.floats(1, 1e3))
def test_whatever_venues_say_every_bar_is_used_or_dropped_with_a_reason(
    said: dict[str, list[Bar]], last: float | None
) -> None:
    found = combine("BTC", 1, said, "a", last)
    days = [candle.date for candle in found.candles]
    assert days == sorted(set(days))
    told = {*days, *(reject.date for reject in found.rejects)}
    assert {one.date for venue in said.values() for one in venue} == told
    for candle in found.candles:
        assert candle.low is not None and candle.high is not None
        assert 0 < candle.low <= candle.high

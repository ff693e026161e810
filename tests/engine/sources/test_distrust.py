"""No outsider is believed: one example a check, and what holds for any rows at all (F23 to F28)."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Sequence

import pytest
from hypothesis import given, strategies as st

from engine.measures import KINDS
from engine.model import Candle, Headline, Measure, Snapshot
from engine.sources.distrust import CHECKS, REASONS, Sifted, sift
from engine.sources.port import Row, Series, row_date
from engine.sources.reading import Reader, Unreadable, day, measure, number
from engine.sources.trust import TRUST, trust

FIRST = dt.date(2026, 1, 1)
TODAY = "2026-03-18"
SYMBOLS = {1: "BTC", 2: "ETH", 3: "DOGE"}
BTC = Series("candles", "BTC")


def date(i: int) -> str:
    return (FIRST + dt.timedelta(days=i)).isoformat()


def candle(i: int, close: float = 100.0, token: int = 1, **changes: object) -> Candle:
    """A candle of day `i`; its volume differs from day to day, as volumes do."""
    row = Candle(date(i), token, close, close * 1.01, close * 0.99, close, 1e6 + i, "venue", False)
    return row._replace(**changes)  # type: ignore[arg-type]


def snapshot(i: int, price: float = 2.0, supply: float = 1e6, token: int = 1, **changes: object) -> Snapshot:
    return Snapshot(date(i), token, 5, price, price * supply, supply, 1e5 + i)._replace(**changes)  # type: ignore[arg-type]


def reading(i: int, value: float, kind: str = "active_addresses", subject: str = "BTC") -> Measure:
    return measure(kind, subject, date(i), value, "somewhere")


def headline(title: str, at: str = "2026-03-01 10:00:00") -> Headline:
    return Headline(at, "paper", "", title, at[:10])


def judge(
    rows: Sequence[Row], past: Sequence[Row] = (), confirmed: frozenset[tuple[Series, str]] = frozenset()
) -> Sifted:
    """Sift rows whose lines have `past` in common (of one token, or found by token)."""
    of = {
        Series("candles", SYMBOLS[row.token]) if isinstance(row, Candle) else None: [
            other for other in past if isinstance(other, Candle) and other.token == row.token
        ]
        for row in past
        if isinstance(row, Candle)
    }
    rest = [row for row in past if not isinstance(row, Candle)]
    return sift(rows, lambda line: of.get(line, rest), SYMBOLS, TODAY, confirmed)


def reasons(found: Sifted) -> list[str]:
    return [reject.reason for reject in found.rejected]


calm = [candle(i, 100.0 + i % 3) for i in range(30)]
steady = [reading(i, 1000.0 + i) for i in range(30)]
ranked = [snapshot(i) for i in range(10)]

EXAMPLES: dict[str, tuple[Sequence[Row], Sequence[Row]]] = {
    "not finite": ([candle(30, close=math.nan)], calm),
    "negative": ([candle(30, volume_usd=-1.0)], calm),
    "zero": ([candle(30, low=0.0)], calm),
    "implausible": ([reading(30, 21_000_000.0, "m2", "")], ()),
    "future": ([candle(200)], calm),
    "ancient": ([candle(0, date="2008-12-31")], ()),
    "range": ([candle(30, high=90.0, low=95.0)], calm),
    "capitalisation": ([snapshot(11, market_cap=2e9)], ranked),
    "text": ([headline(" ")], ()),
    "spike": ([candle(30, 103_000.0)], calm),
    "outlier": ([candle(30, 900.0)], calm),
    "supply": ([snapshot(11, supply=2e6)], ranked),
    "frozen": ([candle(30 + i, 99.0, volume_usd=7.0) for i in range(6)], calm),
}


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.reason)
def test_every_check_has_an_example_that_it_alone_refuses(check: object) -> None:
    reason = check.reason  # type: ignore[attr-defined]
    rows, past = EXAMPLES[reason]
    found = judge(rows, past)
    assert set(reasons(found)) - {"missing day"} == {reason}


def test_every_reason_is_explained() -> None:
    assert all(says and not says.endswith(".") for says in REASONS.values())
    assert {check.reason for check in CHECKS} <= set(REASONS)


def test_what_is_good_comes_through_whole() -> None:
    found = judge([candle(30), reading(30, 1031.0), headline("All is well")], [*calm, *steady])
    assert len(found.accepted) == 3
    assert found.rejected == ()


@pytest.mark.parametrize("factor", [1000.0, 5000.0, 1 / 1000, 1 / 5000])
def test_a_thousandfold_step_waits_for_a_second_venue(factor: float) -> None:
    """F26."""
    row = candle(30, 102.0 * factor)
    assert reasons(judge([row], calm)) == ["spike"]
    assert judge([row], calm, frozenset({(BTC, row.date)})).accepted == (row,)


def test_a_spike_that_is_gone_the_next_day_leaves_only_its_hole() -> None:
    """F26."""
    rows = [candle(30, 100.0), candle(31, 100_000.0), candle(32, 101.0)]
    found = judge(rows, calm)
    assert found.accepted == (rows[0], rows[2])
    assert [(reject.date, reject.reason) for reject in found.rejected] == [(rows[1].date, "spike")]


def test_a_fall_to_a_thousandth_is_believed_once_it_has_stayed_there() -> None:
    dead = [candle(30 + i, 0.05 + 0.001 * i) for i in range(7)]
    assert judge(dead, calm).accepted[:2] == tuple(dead[:2])
    assert judge(dead[:3], calm).accepted == ()


def test_a_rise_to_a_thousandfold_is_not_believed_of_one_venue_however_long_it_stays() -> None:
    swapped = [candle(30 + i, 150_000.0 + i) for i in range(20)]
    assert judge(swapped, calm).accepted == ()


def test_a_large_move_is_believed_when_the_next_day_agrees() -> None:
    crash = [candle(30, 25.0), candle(31, 24.0)]
    assert judge(crash, calm).accepted == tuple(crash)
    assert reasons(judge(crash[:1], calm)) == ["outlier"]


def test_a_count_that_falls_to_nothing_waits_for_the_next_day() -> None:
    assert reasons(judge([reading(30, 0.0)], steady)) == ["outlier"]
    assert len(judge([reading(30, 0.0), reading(31, 0.0)], steady).accepted) == 2
    quiet = [reading(i, float(i % 4)) for i in range(30)]
    assert judge([reading(30, 0.0)], quiet).rejected == ()


def test_a_series_around_zero_is_measured_by_its_leaps() -> None:
    curve = [reading(i, 0.4 - 0.01 * (i % 9), "spread_2s10s", "") for i in range(30)]
    assert judge([reading(30, -0.2, "spread_2s10s", "")], curve).rejected == ()
    assert reasons(judge([reading(30, -0.9, "spread_2s10s", "")], curve)) == ["outlier"]


def test_a_wild_series_may_move_as_it_always_did() -> None:
    wild = [candle(i, 100.0 * 4.0 ** (i % 2)) for i in range(30)]
    assert judge([candle(30, 100.0)], wild).rejected == ()


def test_a_split_of_a_token_is_no_jump_of_its_supply() -> None:
    """F27."""
    assert judge([snapshot(11, price=0.5, supply=4e6)], ranked).rejected == ()


def test_a_new_supply_is_believed_a_week_later() -> None:
    assert judge([snapshot(30, supply=2e6)], ranked).rejected == ()


def test_rows_that_contradict_each_other_are_both_refused_and_a_repeated_one_stands_once() -> None:
    """F28."""
    found = judge([candle(30), candle(30, 101.0), candle(31), candle(31)], calm)
    assert found.accepted == (candle(31),)
    assert set(reasons(found)) == {"duplicate"}


def test_missing_days_are_named_with_how_many() -> None:
    """F28."""
    found = judge([candle(33)], calm)
    assert found.accepted == (candle(33),)
    assert [(r.date, r.reason, r.excerpt) for r in found.rejected] == [
        (date(30), "missing day", f"3 missing before {date(33)}")
    ]


def test_offices_have_weekends() -> None:
    vix = [reading(i, 20.0 + i, "vix", "") for i in (0, 1, 4, 5)]
    assert judge(vix).rejected == ()


def test_two_tokens_that_change_places_are_both_refused() -> None:
    """F27."""
    past = [*calm, *(candle(i, 40.0 + i % 2, token=2) for i in range(30))]
    found = judge([candle(30, 41.0), candle(30, 101.0, token=2), candle(30, 7.0, token=3)], past)
    assert sorted((reject.series.subject, reject.reason) for reject in found.rejected) == [
        ("BTC", "swapped"),
        ("ETH", "swapped"),
    ]
    assert [row.token for row in found.accepted if isinstance(row, Candle)] == [3]


def test_a_token_that_nobody_knows_is_refused() -> None:
    assert reasons(judge([candle(30, token=99)])) == ["unknown token"]


def test_a_series_that_may_stand_still_does() -> None:
    assert judge([reading(30 + i, 5.33, "fed_funds", "") for i in range(20)]).rejected == ()


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_every_kind_of_series_has_bounds(kind: str) -> None:
    bound = trust(kind)
    assert bound.low < bound.high
    assert KINDS[kind].family == "macro" or bound.low >= 0
    assert kind in TRUST or KINDS[kind].family != "macro", (
        "a macro series needs bounds of its own, its unit can be wrong"
    )


numbers = st.one_of(
    st.floats(allow_nan=True, allow_infinity=True),
    st.sampled_from([0.0, -1.0, 1e-12, 1e12, 100.0, 101.0, 100_000.0, 0.1]),
)
dates = st.integers(min_value=-10_000, max_value=400).map(date)
candles = st.builds(
    Candle,
    dates,
    st.sampled_from([1, 2, 3, 4]),
    st.none() | numbers,
    st.none() | numbers,
    st.none() | numbers,
    numbers,
    st.none() | numbers,
    st.just("venue"),
    st.booleans(),
)
snapshots = st.builds(Snapshot, dates, st.sampled_from([1, 2, 9]), st.integers(-2, 300), *([numbers] * 4))
measures = st.builds(Measure, st.sampled_from(sorted(KINDS)), st.just(""), dates, numbers, st.just("x"), dates)
headlines = st.builds(Headline, dates.map(lambda d: d + " 10:00:00"), st.just("p"), st.just(""), st.text(), dates)
rows = st.lists(st.one_of(candles, snapshots, measures, headlines), max_size=25)


def _floats(row: Row) -> list[float]:
    return [x for x in row if isinstance(x, float)]


@given(rows)
def test_whatever_comes_what_is_believed_is_finite_and_possible(found: list[Row]) -> None:
    """F25."""
    for row in judge(found, [*calm, *steady, *ranked]).accepted:
        assert all(math.isfinite(x) for x in _floats(row))
        assert row_date(row) <= TODAY
        if isinstance(row, Candle):
            assert row.close > 0
            assert row.low is None or row.high is None or 0 < row.low <= row.high
            assert row.token in SYMBOLS
        if isinstance(row, Snapshot):
            assert min(row.price, row.market_cap, row.supply) > 0
        if isinstance(row, Measure):
            assert trust(row.metric).low <= row.value <= trust(row.metric).high


@given(rows)
def test_no_row_vanishes_without_a_word(found: list[Row]) -> None:
    judged = judge(found, calm)
    told = {(reject.date, reject.reason) for reject in judged.rejected}
    for row in found:
        assert row in judged.accepted or any(when == row_date(row) for when, _ in told)


@given(rows, st.randoms(use_true_random=False))
def test_the_order_of_arrival_makes_no_difference(found: list[Row], random: object) -> None:
    """F28."""
    shuffled = list(found)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    one, other = judge(found, calm), judge(shuffled, calm)
    assert sorted(map(repr, one.accepted)) == sorted(map(repr, other.accepted))
    assert sorted(r[:3] for r in one.rejected) == sorted(r[:3] for r in other.rejected)


@given(st.lists(st.floats(0.8, 1.25), min_size=12, max_size=30), st.sampled_from([1500.0, 1 / 1500]))
def test_one_wild_bar_never_passes_and_never_takes_a_neighbour_with_it(steps: list[float], factor: float) -> None:
    """F26."""
    price, line = 100.0, []
    for i, step in enumerate(steps):
        price *= step
        line.append(candle(i, price))
    middle = len(line) // 2
    bad = line[middle]
    spoiled = [*line[:middle], candle(middle, bad.close * factor), *line[middle + 1 :]]
    found = judge(spoiled)
    assert {row_date(row) for row in found.accepted} == {row.date for row in line} - {bad.date}


@pytest.mark.parametrize("raw", [1, 1.5, "2.5", "-3e2", " 7 "])
def test_a_number_is_one_also_in_a_string(raw: object) -> None:
    assert number(raw) == float(str(raw))


@pytest.mark.parametrize("raw", [None, True, "", "n/a", ".", "1_000", [], {}, "1,5", float("nan"), "inf", "1e999"])
def test_what_is_no_number_is_not_made_one(raw: object) -> None:
    """F23."""
    with pytest.raises(Unreadable):
        number(raw)


@pytest.mark.parametrize("raw", ["2026-03-01", "2026-03-01T00:00:00.000000000Z", 1772323200, "1772323200"])
def test_a_day_is_read_however_it_is_written(raw: object) -> None:
    assert day(raw) == "2026-03-01"


@pytest.mark.parametrize("raw", ["", "yesterday", "2026-13-01", None, 10**30, [], "2026", 1.5])
def test_what_is_no_day_is_not_made_one(raw: object) -> None:
    with pytest.raises(Unreadable):
        day(raw)


def test_a_reader_keeps_the_good_rejects_the_bad_and_names_new_fields() -> None:
    reader = Reader()
    for raw in ({"t": "2026-03-01", "v": "5"}, {"t": "2026-03-02", "v": "x"}, {"t": "2026-03-03"}, {"v": "1"}):
        series = Series("fear_greed")
        reader.take(
            series, raw.get("t"), raw, lambda date, raw=raw: measure("fear_greed", "", date, number(raw["v"]), "x")
        )
        reader.expect({**raw, "new": 1}, {"t", "v"})
    assert len(reader.rows) == 1
    assert [(reject.date, reject.reason) for reject in reader.rejects] == [
        ("2026-03-02", "unreadable"),
        ("2026-03-03", "missing field"),
        ("", "unreadable"),
    ]
    assert reader.notes == ("new fields in the answer: new",)

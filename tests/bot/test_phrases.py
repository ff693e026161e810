"""Numbers and dates are said the same way everywhere."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given, strategies as st

from bot import phrases
from engine.model import Odds


@given(st.lists(st.floats(0, 1), min_size=1, max_size=40).filter(lambda shares: sum(shares) > 1e-6))
def test_whole_percents_always_sum_to_100_and_stay_within_one_of_the_truth(shares: list[float]) -> None:
    whole = phrases.whole_percents(shares)
    total = sum(shares)
    assert sum(whole) == 100
    assert all(abs(w - share / total * 100) < 1 + 1e-6 for w, share in zip(whole, shares, strict=True))


def test_the_largest_remainders_are_rounded_up_and_ties_go_to_the_first() -> None:
    assert phrases.whole_percents([1, 1, 1]) == [34, 33, 33]
    assert phrases.whole_percents([0.126, 0.124, 0.75]) == [13, 12, 75]


def test_nothing_held_is_nothing_in_percent() -> None:
    assert phrases.whole_percents([0.0, 0.0]) == [0, 0]
    assert phrases.whole_percents([]) == []


@pytest.mark.parametrize(
    ("value", "said"),
    [(67525.83, "$67,526"), (99.5, "$99.50"), (1.0, "$1.00"), (0.0, "$0.00"), (0.1, "$0.1000"), (0.05432, "$0.05432"),
     (0.0000123456, "$0.00001235"), (-5.5, "-$5.50"), (1e-30, "$0.0000000000000000")],
)  # fmt: skip
def test_dollars_have_the_digits_that_matter(value: float, said: str) -> None:
    assert phrases.dollars(value) == said


@pytest.mark.parametrize(
    ("cents", "exact", "round_"),
    [
        (50_000, "$500.00", "$500"),
        (123_456, "$1,234.56", "$1,234.56"),
        (7, "$0.07", "$0.07"),
        (-1_205, "-$12.05", "-$12.05"),
    ],
)
def test_money_is_said_to_the_cent(cents: int, exact: str, round_: str) -> None:
    assert phrases.exact_dollars(cents) == exact
    assert phrases.round_dollars(cents) == round_


@given(st.lists(st.floats(0, 1), min_size=1, max_size=40).filter(lambda s: sum(s) > 1e-6), st.integers(0, 10**9))
def test_any_whole_is_shared_out_to_the_last_part(shares: list[float], total: int) -> None:
    parts = phrases.apportion(shares, total)
    assert sum(parts) == total
    assert all(abs(part - share / sum(shares) * total) < 1 + 1e-6 for part, share in zip(parts, shares, strict=True))


def test_minus_zero_is_zero() -> None:
    assert phrases.signed_percent(-0.0000001) == "+0.0 %"
    assert phrases.signed(-0.0001) == "+0.00"
    assert phrases.percent(-0.0) == "0 %"


def test_a_head_is_shown_as_128_bits_in_eight_groups() -> None:
    assert (
        phrases.short_head("4f9c02d76a1b88e0c3f519aa7d42e21a" + "0" * 32) == "4f9c 02d7 6a1b 88e0 c3f5 19aa 7d42 e21a"
    )


def test_a_date_says_its_year_only_where_it_is_another_one() -> None:
    assert phrases.day(dt.date(2023, 1, 5), near=dt.date(2023, 11, 1)) == "5 Jan"
    assert phrases.day(dt.date(2022, 1, 5), near=dt.date(2023, 11, 1)) == "5 Jan 2022"


def test_an_instant_is_said_in_utc() -> None:
    east = dt.timezone(dt.timedelta(hours=2))
    assert phrases.instant(dt.datetime(2023, 11, 27, 2, 0, tzinfo=east)) == "Mon 27 Nov 2023, 00:00 UTC"


def test_odds_said_in_whole_percents_sum_to_100() -> None:
    said = phrases.said_of_odds(Odds(0.245, 0.295, 0.46), Odds(0.3, 0.34, 0.36))
    assert said == "46 % bullish (base 36 %), 30 % neutral, 24 % bearish"


@given(st.text(alphabet=st.characters(), max_size=200))
def test_clipped_text_is_one_short_line_without_control_characters(text: str) -> None:
    said = phrases.clipped(text)
    assert len(said) <= 30
    assert not any(ord(c) < 32 or ord(c) == 127 or "\u202a" <= c <= "\u202e" for c in said)
    said.encode("utf-8")


def test_emoji_and_joiners_survive_cleaning_while_escapes_and_overrides_do_not() -> None:
    assert phrases.clean("👨\u200d👩\u200d👧 \x1b[31mred\u202e") == "👨\u200d👩\u200d👧 [31mred"


@pytest.mark.parametrize(
    ("text", "said"), [("it fell", "It fell."), ("What now?", "What now?"), (" done. ", "Done."), ("", ".")]
)
def test_a_sentence_begins_large_and_ends_with_a_stop(text: str, said: str) -> None:
    assert phrases.sentence(text) == said


@pytest.mark.parametrize(
    ("words", "said"), [([], ""), (["a"], "a"), (["a", "b"], "a and b"), (["a", "b", "c"], "a, b and c")]
)
def test_lists_are_said_as_people_say_them(words: list[str], said: str) -> None:
    assert phrases.listed(words) == said

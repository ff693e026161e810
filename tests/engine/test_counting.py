"""What is loud counts little: copies once, a voice once a day, everybody up to a cap a week."""

from __future__ import annotations

import datetime as dt
import time
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, strategies as st

from engine.features.counting import AUTHOR_CAP, NEWSROOM_CAP, Turnstile, distinct, essence
from engine.features.news import read_texts
from engine.model import Headline
from engine.panel import Panel

MONDAY = dt.date(2023, 1, 2)


def line(title: str, day: int = 0, source: str = "Paper", author: str = "", social: bool = False) -> Headline:
    date = (MONDAY + dt.timedelta(days=day)).isoformat()
    return Headline(f"{date} 10:00:00", source, "", title, date, author, social)


def post(title: str, day: int = 0, author: str = "ann") -> Headline:
    return line(title, day, "Square", author, True)


@pytest.mark.parametrize("copy", [
    "Bitcoin Falls 5% - CoinDesk", "BITCOIN FALLS 5 %!", "Breaking: Bitcoin falls 5%", "Bitcoin falls 5% | A Gazette",
    "“Bitcoin falls 5%”", "UPDATE 2 - Bitcoin falls 5%", "Bitcoin falls 5% — The Block Gazette",
])  # fmt: skip
def test_a_copy_is_known_by_its_words(copy: str) -> None:
    assert essence(copy) == essence("Bitcoin falls 5%")


@pytest.mark.parametrize("other", ["Bitcoin falls 6%", "Bitcoin rises 5%", "Ether falls 5%", "Bitcoin falls 5% in May"])
def test_another_story_is_no_copy(other: str) -> None:
    assert essence(other) != essence("Bitcoin falls 5%")


@given(st.text(max_size=200))
def test_every_text_has_an_essence_of_its_own_making(text: str) -> None:
    assert essence(text) == essence(text.upper().lower()) or not text.isascii()
    assert bool(essence(text)) == bool(" ".join(essence(text).split()))


@pytest.mark.parametrize(
    "text", [" -a" * 3000 + "!", " - " + "a" * 9000 + "!", "breaking: " * 900, "-" * 9000, "a'&. " * 2000]
)
def test_a_hostile_title_is_reduced_in_bounds(text: str) -> None:
    start = time.process_time()
    essence(text)
    assert time.process_time() - start < 0.5, "done in thousandths of a second"


def test_a_title_counts_once_a_day_and_again_another_day_and_posts_apart() -> None:
    lines = [
        line("Bitcoin falls"), line("BITCOIN FALLS!", source="Other"), line("Bitcoin falls", 1), post("Bitcoin falls"),
        post("bitcoin falls", author="bob"),
    ]  # fmt: skip
    assert [(h.known, h.social) for h in distinct(reversed(lines))] == [
        ("2023-01-02", False), ("2023-01-02", True), ("2023-01-03", False),
    ]  # fmt: skip


def test_an_author_speaks_of_a_token_once_a_day_and_no_more_than_the_cap_a_week() -> None:
    gate = Turnstile()
    assert gate.admits(post("a"), "BTC")
    assert not gate.admits(post("b"), "BTC"), "the same day"
    assert gate.admits(post("b"), "ETH"), "another token"
    assert not gate.admits(post("b", author="ANN"), "BTC"), "the same name in other letters"
    assert gate.admits(post("b", author="bob"), "BTC"), "another author"
    week = [gate.admits(post("c", day), "BTC") for day in range(1, 7)]
    assert sum(week) == AUTHOR_CAP - 1
    assert gate.admits(post("d", 7), "BTC"), "another week"


def test_unnamed_posts_of_one_place_are_one_author() -> None:
    gate = Turnstile()
    assert [gate.admits(post(text, author=""), "BTC") for text in "abc"] == [True, False, False]


def test_a_newsroom_may_print_several_stories_a_day_but_not_flood_a_week() -> None:
    gate = Turnstile()
    admitted = [gate.admits(line(str(number), number % 7), "BTC") for number in range(70)]
    assert sum(admitted) == NEWSROOM_CAP
    assert admitted[:NEWSROOM_CAP] == [True] * NEWSROOM_CAP, "the first ones count: the past never waits for the future"
    assert gate.admits(line("x", source="Other"), "BTC")


def test_a_named_columnist_is_an_author_not_a_newsroom() -> None:
    gate = Turnstile()
    assert [gate.admits(line(text, author="Ann Lee"), "BTC") for text in "ab"] == [True, False]


def test_a_flood_of_one_author_moves_neither_mentions_nor_the_tone_of_all_posts(market: Panel) -> None:
    row = market.row(MONDAY)
    flood = [post(f"$BTC is a scam {number}") for number in range(500)]
    quiet = [post(f"$BTC looks great {author}", author=author) for author in ("bob", "cid", "dan")]
    lines = tuple(sorted((*flood, *quiet), key=lambda h: (h.known, h.published_at, h.title)))
    social = read_texts(_with(market, lines)).social
    assert social.mentions[row, market.column("BTC")] == 4
    assert social.count[row, 0] == 4
    assert social.score[row, 0] > 0, "three against one"


def test_days_on_which_nothing_was_collected_are_unknown_not_quiet(market: Panel) -> None:
    texts = read_texts(_with(market, (line("Bitcoin falls"),)))
    row = market.row(MONDAY)
    assert np.isnan(texts.social.count).all()
    assert np.isnan(texts.news.count[:row]).all() and np.isnan(texts.news.count[row + 31 :]).all()
    assert texts.news.count[row : row + 31, 0].tolist() == [1.0] + [0.0] * 30


def _with(market: Panel, headlines: tuple[Headline, ...]) -> Panel:
    return replace(market, headlines=headlines)

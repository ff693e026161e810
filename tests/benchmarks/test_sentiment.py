"""The measured claims about sentiment hold: better than plain VADER on texts nobody tuned to, as the page says."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from benchmarks.sentiment import (
    APPENDED,
    CLASSES,
    PHRASEBANK,
    PHRASEBANK_ROWS,
    Case,
    Comparison,
    Found,
    classify,
    compare,
    f1_scores,
    find_tokens,
    half,
    macro_f1,
    naive_finder,
    read_cases,
    read_headlines,
    read_phrases,
)
from engine.sentiment import Names
from engine.sources.archive import Archive

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "sentiment.md").read_text("utf-8")
NAMES, CASES = read_cases()


def told(title: str) -> list[str]:
    """The cells of a line of the page's tables, behind its title."""
    (line,) = re.findall(rf"^\| {re.escape(title)} \| (.*) \|$", PAGE, re.MULTILINE)
    return [cell.strip() for cell in line.split("|")]


def assert_told(title: str, found: Comparison) -> None:
    """The page's line says what was measured: texts, both macro F1, and where the difference lies."""
    gap = f"{found.gap[0]:+.3f} to {found.gap[1]:+.3f}"
    assert told(title) == [str(found.texts), f"{np.mean(found.plain):.3f}", f"{np.mean(found.ours):.3f}", gap]


def assert_tokens_told(title: str, found: Found) -> None:
    assert told(title) == [f"{found.precision:.1%}", f"{found.recall:.1%}"]


def ours(names: Names, cases: Sequence[Case]) -> Found:
    return find_tokens(cases, lambda case: names.find(case.text, case.day))


def test_the_cases_are_many_sound_and_each_its_own() -> None:
    assert len(CASES) >= 500
    assert len({case.text for case in CASES}) == len(CASES)
    assert {case.label for case in CASES} == set(CLASSES)
    listed = {way.symbol for ways in NAMES.tickers.values() for way in ways}
    assert {symbol for case in CASES for symbol in case.tokens} <= listed


def test_f1_is_that_of_the_textbook() -> None:
    labels, said = ["negative", "negative", "neutral", "positive"], ["negative", "positive", "neutral", "positive"]
    assert f1_scores(labels, said) == pytest.approx([2 / 3, 1, 2 / 3])
    assert macro_f1(labels, said) == pytest.approx(7 / 9)
    assert f1_scores(["neutral"], ["neutral"]) == [0, 1, 0]


@pytest.mark.parametrize(("value", "kind"), [
    (0.05, "positive"), (0.0499, "neutral"), (-0.0499, "neutral"), (-0.05, "negative"),
])  # fmt: skip
def test_the_bounds_are_those_of_vaders_authors(value: float, kind: str) -> None:
    assert classify(value) == kind


def test_the_tables_hold_what_was_meant_to_be_in_them() -> None:
    found = compare(CASES)
    assert np.mean(found.ours) > np.mean(found.plain) + 0.3
    assert_told("our own crypto texts, looked at", found)


def test_tokens_are_found_in_our_own_texts_and_everyday_words_are_not() -> None:
    naive, found = find_tokens(CASES, naive_finder(NAMES)), ours(NAMES, CASES)
    assert found.wrong < naive.wrong / 10
    assert found.recall > naive.recall
    assert_tokens_told("our own texts, names and tickers alone", naive)
    assert_tokens_told("our own texts, ours", found)


def test_real_headlines_are_read_better_than_by_plain_vader(archive: Path) -> None:
    source = Archive(archive)
    headlines = read_headlines(source)
    assert len(headlines) == 220
    found = compare(headlines)
    assert found.gap[0] > 0, "the whole interval of the difference"
    assert_told("real crypto headlines, labelled by hand", found)
    names = Names.of(source.tokens())
    naive, linked = find_tokens(headlines, naive_finder(names)), ours(names, headlines)
    assert min(linked.precision, linked.recall) > 0.95
    assert linked.wrong < naive.wrong / 5
    assert_tokens_told("real headlines, names and tickers alone", naive)
    assert_tokens_told("real headlines, ours", linked)


def test_phrases_labelled_by_people_are_read_better_than_by_plain_vader(archive: Path) -> None:
    phrases = read_phrases(archive)
    assert len(phrases[PHRASEBANK]) > 0.99 * PHRASEBANK_ROWS
    found = compare(half(phrases[PHRASEBANK], True))
    assert found.gap[0] > 0.15
    assert_told("Financial PhraseBank, labelled by people", found)
    assert_told("financial tweets, labels of mixed origin", compare(half(phrases["fin_tweets"], True)))
    assert_told("crypto tweets, labelled by another program", compare(half(phrases["crypto_tweets"], True)))
    assert {item.label for item in phrases[APPENDED]} == {"negative"}, "no macro F1 can be told of one class"

"""Somebody new gets the words of an answer explained, a bare ticker answered, and hours told where they live."""

from __future__ import annotations

import datetime as dt
import zoneinfo
from dataclasses import replace
from typing import Any

import pytest

from bot import words
from bot.dispatch import Request, dispatch
from bot.newcomers import MOST, TAUGHT, first_sentence, with_plain_words
from bot.phrases import instant
from bot.reply import BREAK, Reply
from bot.zones import COMMON, find_zone, zone
from engine.errors import BadRequest
from engine.model import Token, TokenKind
from storage.chats import Chat

NOON = dt.datetime(2023, 11, 20, 12, tzinfo=dt.UTC)


def ask(book: Any, text: str, **changes: Any) -> Reply:
    return dispatch(book, replace(Request(text, "test", "c", "u"), **changes))


def test_explained_words_stand_apart_from_what_was_answered() -> None:
    reply = with_plain_words(Reply(text=("Risk: high.",), after=("A mix of just holding.",)))
    assert reply.after[:2] == ("A mix of just holding.", BREAK)
    assert [line.split(":")[0] for line in reply.after[2:]] == ["Just holding", "Risk"]
    plain = Reply(text=("Nothing.",), after=("Nothing at all.",))
    assert with_plain_words(plain) == plain


def test_every_word_that_is_taught_is_in_the_glossary() -> None:
    assert set(TAUGHT) <= set(words.WORDS)
    assert all(first_sentence(words.WORDS[term]).endswith(".") for term in TAUGHT)


def test_plain_words_explain_a_few_terms_below_the_answer_and_keep_all_of_it(book: Any) -> None:
    before = ask(book, "/index defi")
    book.chats["test", "c"] = Chat("test", "c", plain=True)
    after = ask(book, "/index defi")
    apart, *told = after.after[len(before.after) :]
    assert apart == BREAK
    assert replace(after, after=before.after) == before
    assert len(told) == MOST
    assert told[1] == "Just holding: " + first_sentence(words.WORDS["just holding"])


@pytest.mark.parametrize("text", ["/explain grade", "/help", "/privacy", "/settings", "/index nonsense"])
def test_what_explains_itself_or_refuses_is_left_as_it_is(text: str, book: Any) -> None:
    before = ask(book, text)
    book.chats["test", "c"] = Chat("test", "c", plain=True)
    after = ask(book, text)
    assert (after.text, after.after, after.note) == (before.text, before.after, before.note)


def test_a_reply_is_explained_once() -> None:
    reply = Reply(text=("Odds and risk.",))
    once = with_plain_words(reply)
    assert len(once.after) == 2
    assert with_plain_words(Reply(text=("Oddsmaker and risky.",))).after == ()


@pytest.mark.parametrize("text", ["aave", "AAVE", " $aave ", "Aave"])
def test_a_bare_ticker_in_private_is_that_token(text: str, book: Any) -> None:
    assert ask(book, text).title == "AAVE, Aave"


def test_a_bare_ticker_that_is_called_like_a_command_for_others_is_that_token(book: Any) -> None:
    book.find_tokens = lambda text: [Token(1, "LINK", "Chainlink", TokenKind.COIN)] if text == "link" else []
    for bare in ("link", "LINK"):
        assert dispatch(book, Request(bare, "test", "c", "u")).title == "LINK, Chainlink"
    assert not dispatch(book, Request("/link", "test", "c", "u")).ok
    assert dispatch(book, Request("link", "test", "c", "u", is_bot_admin=True)).title != "LINK, Chainlink"


def test_a_bare_ticker_that_several_tokens_have_offers_each(book: Any) -> None:
    assert [b.command for b in ask(book, "beam").buttons] == ["/token =BEAM", "/token =BEAM_MW"]


def test_a_bare_word_that_is_no_token_or_an_index_or_in_a_group_is_no_token(book: Any) -> None:
    assert ask(book, "meme").buttons[0].command == "/index meme", "an index wins over a token of its name"
    for text, changes in (("moon", {}), ("aave please", {}), ("/aave", {}), ("aave", {"place": "group"})):
        reply = ask(book, text, **changes)
        assert not reply.ok and "no command" in reply.lines()[0]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Europe/Berlin", "Europe/Berlin"), ("BERLIN", "Europe/Berlin"), ("new york", "America/New_York"),
        ("new_york", "America/New_York"), ("utc", "UTC"), ("GMT", "UTC"), ("utc+0", "UTC"), ("UTC+5", "Etc/GMT-5"),
        ("-3", "Etc/GMT+3"), ("utc-03:00", "Etc/GMT+3"),
    ],
)  # fmt: skip
def test_a_zone_is_found_by_name_city_or_offset(text: str, name: str) -> None:
    assert find_zone(text) == name
    assert zoneinfo.ZoneInfo(name)


@pytest.mark.parametrize("text", ["", "utc+15", "../../etc/passwd", "Europe/", "'; DROP TABLE", "\u202e", "x" * 5000])
def test_what_is_no_zone_is_refused_with_what_one_looks_like(text: str) -> None:
    with pytest.raises(BadRequest, match="There is no time zone called") as refused:
        find_zone(text)
    assert len(str(refused.value)) < 200


def test_an_instant_names_the_place_it_is_told_for_and_counts_with_summer_time() -> None:
    assert instant(NOON) == "Mon 20 Nov 2023, 12:00 UTC"
    assert instant(NOON, zone("America/New_York")) == "Mon 20 Nov 2023, 07:00 New York"
    assert instant(NOON.replace(month=7), zone("America/New_York")) == "Thu 20 Jul 2023, 08:00 New York"
    assert instant(NOON, zone("Asia/Tokyo")) == "Mon 20 Nov 2023, 21:00 Tokyo"
    assert instant(NOON, zone("Etc/GMT-13")) == "Tue 21 Nov 2023, 01:00 UTC+13"
    assert instant(NOON.replace(tzinfo=None), zone("Etc/GMT+3")) == "Mon 20 Nov 2023, 09:00 UTC-3"


def test_a_stored_zone_that_vanished_is_told_in_utc() -> None:
    assert [zone(name) for name in ("Atlantis/Nowhere", "", "/etc/passwd", "\x00")] == [dt.UTC] * 4


def test_the_zones_on_the_buttons_are_known() -> None:
    assert [find_zone(name) for name in COMMON] == list(COMMON)


@pytest.mark.parametrize("text", ["/status", "/indices"])
def test_the_next_decision_is_told_in_the_zone_of_the_chat(text: str, book: Any, empty_book: Any) -> None:
    for shelf in (book, empty_book):
        shelf.chats["test", "c"] = Chat("test", "c", time_zone="America/Los_Angeles")
        assert "Sun 19 Nov 2023, 16:00 Los Angeles" in " ".join(ask(shelf, text).lines())
        assert "Mon 20 Nov 2023, 00:00 UTC" in " ".join(ask(shelf, text, chat="d").lines())

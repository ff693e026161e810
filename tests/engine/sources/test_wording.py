"""Strangers' words: markup and what is invisible go, letters stay, authors of posts become digits."""

from __future__ import annotations

import datetime as dt
import time

import pytest
from hypothesis import given, strategies as st

from engine.sources.reading import Unreadable
from engine.sources.wording import POST, READ, headline, instant, plain, post, voice


@pytest.mark.parametrize(
    ("told", "meant"),
    [
        ("Bitcoin &amp; Ether", "Bitcoin & Ether"),
        ("&lt;b&gt;Bitcoin&lt;/b&gt; rises", "Bitcoin rises"),
        ("<b>Bitcoin</b>&nbsp;rises", "Bitcoin rises"),
        ("AT&amp;amp;T buys", "AT&T buys"),
        ("BTC < 50k and > 40k", "BTC < 50k and > 40k"),
        ("<script>alert(1)</script>Ether", "alert(1) Ether"),
        ("one<br/>two\n\tthree", "one two three"),
        ("\u202eevil\u200b \ufeffname\x07", "evil name"),
        ("it’s “quoted” – 5%", "it’s “quoted” – 5%"),
        ("<![CDATA[Ether]]>", "Ether"),
        ("  ", ""),
    ],
)
def test_a_text_is_what_a_person_would_see(told: str, meant: str) -> None:
    assert plain(told) == meant


@given(st.text(max_size=300))
def test_whatever_is_said_is_one_line_of_visible_letters(text: str) -> None:
    read = plain(text)
    assert not any(ord(c) < 32 or c in "\u200b\u202e\ufeff" for c in read)
    assert read == read.strip()


@pytest.mark.parametrize("unit", ["<", "<a ", "&lt;", "&amp;" * 3, "<!--", "a\u200b", "</b><b>"])
def test_no_text_takes_long(unit: str) -> None:
    start = time.process_time()
    assert len(plain(unit * 200_000)) <= READ
    assert time.process_time() - start < 1


@pytest.mark.parametrize("what", [None, 7, ["Bitcoin"], {"title": "x"}])
def test_what_is_no_text_is_unreadable(what: object) -> None:
    with pytest.raises(Unreadable):
        plain(what)


def test_of_a_post_the_beginning_is_kept() -> None:
    assert len(post("word " * 1000)) <= POST
    assert post("short") == "short"


@pytest.mark.parametrize(
    ("told", "meant"),
    [
        ("2026-03-18T09:30:00+01:00", "2026-03-18 08:30:00+00:00"),
        ("2026-03-18T09:30:00.000Z", "2026-03-18 09:30:00+00:00"),
        ("2026-03-18T09:30:00", "2026-03-18 09:30:00+00:00"),
    ],
)
def test_an_instant_is_read_in_utc(told: str, meant: str) -> None:
    assert str(instant(told)) == meant


@pytest.mark.parametrize("told", [None, 5, "", "soon", "2026-13-41T00:00:00", "0001-01-01T00:00:00+14:00"])
def test_what_is_no_instant_is_unreadable(told: object) -> None:
    with pytest.raises(Unreadable):
        instant(told)


def test_a_text_that_hides_its_hour_is_known_a_day_later() -> None:
    at_night = dt.datetime(2026, 3, 18, tzinfo=dt.UTC)
    assert headline(at_night, "ecb", "central bank", "Rates", "", False).known == "2026-03-19"
    told = headline(at_night + dt.timedelta(seconds=1), "ecb", "central bank", "Rates", "x" * 500, False)
    assert (told.published_at, told.known) == ("2026-03-18 00:00:01", "2026-03-18")
    assert len(told.author) == 80


def test_a_voice_is_the_same_for_a_name_and_tells_nobody_which() -> None:
    assert voice("Satoshi") == voice(" satoshi ") != voice("Hal")
    assert "satoshi" not in voice("Satoshi")
    assert voice("") == voice(None) == ""

"""Feeds: what is read of them, what is refused before it is read, and that reading is bounded."""

from __future__ import annotations

import contextlib
import datetime as dt
import time
from pathlib import Path

import pytest
from hypothesis import given, strategies as st

from engine.errors import SourceGarbled
from engine.sources.answer import Answer
from engine.sources.feeds import MOST_BYTES, MOST_ITEMS, MOST_MARKS, read_feed

ITEM = "<item><title>Bitcoin &amp; Ether</title><guid>{0}</guid><pubDate>{1}</pubDate></item>"
DATED = "Wed, 18 Mar 2026 09:30:00 +0100"


def feed(*items: str, head: str = '<?xml version="1.0" encoding="utf-8"?>') -> bytes:
    return f'{head}<rss version="2.0"><channel><title>x</title>{"".join(items)}</channel></rss>'.encode()


def read(body: bytes):
    return read_feed(Answer("news.example", body))


def test_dates_are_told_in_utc() -> None:
    found = read(feed(ITEM.format(1, DATED)))
    assert [item.when for item in found.items] == ["2026-03-18T08:30:00+00:00"]
    assert found.sound


@pytest.mark.parametrize("date", ["", "soon", "Wed, 99 Mar 2026 09:30:00 GMT", "-1"])
def test_a_date_that_cannot_be_read_is_none(date: str) -> None:
    assert [item.when for item in read(feed(ITEM.format(1, date))).items] == [None]


def test_an_id_counts_once_and_items_without_one_all_count() -> None:
    bare = "<item><title>no id</title></item>"
    assert len(read(feed(ITEM.format(1, DATED), ITEM.format(1, DATED), bare, bare)).items) == 3


def test_a_feed_without_news_is_a_feed() -> None:
    assert read(feed()).items == ()


def test_the_name_of_a_file_is_not_opened(tmp_path: Path) -> None:
    path = tmp_path / "feed.xml"
    path.write_bytes(feed(ITEM.format(1, DATED)))
    with pytest.raises(SourceGarbled, match="something else"):
        read(str(path).encode())


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"", "something else"),
        (b'{"items": []}', "something else"),
        (b"<!DOCTYPE html><html><body>rss</body></html>", "a web page"),
        (feed('<!DOCTYPE x [<!ENTITY a "b">]>'), "entities"),
        (feed('<!DOCTYPE x [<!entity a "b">]>').decode().encode("utf-16"), "entities"),
        (feed(ITEM.format(1, DATED))[:-40], "breaks off"),
        (feed(*["<item/><item>"] * (MOST_ITEMS + 1)), "too much"),
        (feed("<a>" * (MOST_MARKS + 1)), "too much"),
        (feed("&" * (MOST_MARKS + 1)), "too much"),
        (feed("x" * (MOST_BYTES + 1)), "too much"),
    ],
)
def test_what_is_no_newsroom_s_feed_is_refused_in_one_sentence(body: bytes, says: str) -> None:
    with pytest.raises(SourceGarbled, match=says) as refusal:
        read(body)
    assert str(refusal.value).startswith("news.example ")
    assert str(refusal.value).endswith(".")


def test_the_worst_feed_that_is_read_takes_seconds_and_not_minutes() -> None:
    start = time.process_time()
    with pytest.raises(SourceGarbled):
        read(feed("<a>" * (MOST_MARKS // 16)))
    assert time.process_time() - start < 5


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "windows-1252"])
def test_letters_survive_every_alphabet(encoding: str) -> None:
    head = f'<?xml version="1.0" encoding="{encoding.removesuffix("-sig")}"?>'
    body = feed("<item><title>Zürich’s bank</title><guid>1</guid></item>", head=head).decode().encode(encoding)
    assert [item.title for item in read(body).items] == ["Zürich’s bank"]


VALID = feed(*(ITEM.format(i, DATED) for i in range(4)))


@given(st.data())
def test_no_damage_to_a_feed_does_more_than_have_it_refused(data: st.DataObject) -> None:
    body = bytearray(VALID)
    for _ in range(data.draw(st.integers(1, 6))):
        at = data.draw(st.integers(0, len(body) - 1))
        cut = data.draw(st.integers(0, 12))
        body[at : at + cut] = data.draw(st.binary(max_size=12))
    with contextlib.suppress(SourceGarbled):
        for item in read(bytes(body)).items:
            assert isinstance(item.title, str)
            assert item.when is None or dt.datetime.fromisoformat(item.when).tzinfo is not None


@given(st.binary(max_size=400))
def test_whatever_is_sent_instead_of_a_feed_is_refused_or_empty(body: bytes) -> None:
    with contextlib.suppress(SourceGarbled):
        assert read(body).items == ()


def test_an_encoding_whose_name_is_damaged_is_refused() -> None:
    with pytest.raises(SourceGarbled, match="no name"):
        read(b'<?xml version="1.0" encoding="\x80utf-8"?><rss version="2.0"><channel><title>x</title></channel></rss>')

"""Previews of Telegram channels: what a post is, what is left out, and that no page takes long to read or refuse."""

from __future__ import annotations

import time

import pytest

from engine.errors import SourceGarbled
from engine.sources.answer import Answer
from engine.sources.live.telegram_channels import MOST_BYTES, MOST_TAGS, Post, _posts

POST = (
    '<div class="tgme_widget_message" data-post="here/{0}">'
    '<div class="tgme_widget_message_text js-message_text">{1}</div>'
    '<time datetime="2026-03-18T09:00:00+00:00"></time></div>'
)
WHEN = "2026-03-18T09:00:00+00:00"


def page(*inside: str) -> bytes:
    return f'<!DOCTYPE html><html><body><div class="tgme_channel_info"></div>{"".join(inside)}</body></html>'.encode()


def posts(body: bytes) -> list[Post]:
    return _posts(Answer("t.me", body, "text/html"), "here")


def test_words_stay_whole_and_lines_stay_apart() -> None:
    told = POST.format(1, "<b>Bit</b>coin<br/>rises 5 &amp; more<br>\U0001f680")
    assert [post.text for post in posts(page(told))] == ["Bitcoin rises 5 & more \U0001f680"]


def test_the_post_that_is_answered_is_not_the_post() -> None:
    reply = (
        '<a class="tgme_widget_message_reply"><div class="tgme_widget_message_text js-message_reply_text">old</div></a>'
    )
    told = POST.format(1, "new").replace('"here/1">', f'"here/1">{reply}')
    assert [post.text for post in posts(page(told))] == ["new"]


def test_a_picture_alone_says_nothing_and_a_post_counts_once() -> None:
    picture = '<div class="tgme_widget_message" data-post="here/2"><a class="photo"></a></div>'
    assert posts(page(POST.format(1, "first"), picture, POST.format(1, "edited"))) == [Post(WHEN, "edited")]


def test_a_post_without_an_instant_is_told_so() -> None:
    assert [post.when for post in posts(page(POST.format(1, "x").replace("datetime=", "title=")))] == [None]


def test_an_empty_channel_is_a_channel() -> None:
    assert posts(page()) == []


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"", "breaks off"),
        (page(POST.format(1, "x"))[:-60], "breaks off"),
        (b"<html><body><div class='tgme_page'>Telegram: Contact @here</div></body></html>", "no preview of here"),
        (page("<div>" * MOST_TAGS), "too much"),
        (page("x" * MOST_BYTES), "too much"),
        (page("\xfc").decode().encode("latin-1"), "no UTF-8"),
    ],
)
def test_what_is_no_preview_is_refused_in_one_sentence(body: bytes, says: str) -> None:
    with pytest.raises(SourceGarbled, match=says):
        posts(body)


def test_a_page_of_tags_that_nobody_closes_is_read_in_bounded_time() -> None:
    """A tenth of what is allowed; the time grows with the square."""
    start = time.process_time()
    posts(page("<div>" * (MOST_TAGS // 10)))
    assert time.process_time() - start < 1

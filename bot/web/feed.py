"""The feeds: the newest announcements of the default mode as Atom and as RSS 2.0, one template each."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from email.utils import format_datetime
from html import escape

from bot.phrases import short_head
from bot.web import records
from bot.web.answers import CriedLine
from bot.web.door import Shelf
from bot.web.writing import ENVIRONMENT, printable
from engine.modes import DEFAULT_MODE

NEWEST = 30
BEFORE_ALL = dt.datetime(2000, 1, 1, tzinfo=dt.UTC)  # when a feed without news was new


@dataclass(frozen=True, slots=True)
class Feed:
    """One form of the feed: its address, its media type, and the template that writes it."""

    path: str
    media: str
    template: str


FEEDS = (
    Feed("/feed.atom", "application/atom+xml", "feed.xml"),
    Feed("/feed.rss", "application/rss+xml", "rss.xml"),
)


def write(feed: Feed, shelf: Shelf, public_url: str) -> str:
    """The feed as XML; an entry's id is its place in the journal, which never changes."""
    found = shelf.published.newest(shelf.book.ledger, NEWEST, DEFAULT_MODE)
    lines = [records.cried_line(cried) for cried in found]
    return ENVIRONMENT.get_template(feed.template).render(
        about=records.about(shelf.book.status()),
        lines=lines,
        url=public_url,
        updated=decided(lines[0]) if lines else BEFORE_ALL,
        decided=decided,
        mailed=lambda instant: format_datetime(instant, usegmt=True),
        said=said,
        as_html=as_html,
    )


def decided(line: CriedLine) -> dt.datetime:
    """A decision's own instant: 00:00 UTC of its day."""
    return dt.datetime.combine(dt.date.fromisoformat(line.date), dt.time(), dt.UTC)


def said(line: CriedLine) -> tuple[str, ...]:
    """What was said, line by line, the journal's head at its end once."""
    head, text = short_head(line.head), tuple(map(printable, line.text))
    return text if text and text[-1].endswith(head) else (*text, head)


def as_html(line: CriedLine) -> str:
    """What was said as HTML, which RSS takes a description for; the template escapes it once more."""
    return "<br>\n".join(map(escape, said(line)))

"""The feed: the newest announcements of the default mode as Atom, which every RSS reader reads."""

from __future__ import annotations

import datetime as dt

from bot.web import records
from bot.web.answers import CriedLine
from bot.web.door import Shelf
from bot.web.writing import ENVIRONMENT
from engine.modes import DEFAULT_MODE

NEWEST = 30


def write(shelf: Shelf, public_url: str) -> str:
    """The feed as XML; an entry's id is its place in the journal, which never changes."""
    found = shelf.published.newest(shelf.book.ledger, NEWEST, DEFAULT_MODE)
    lines = [records.cried_line(cried) for cried in found]
    about = records.about(shelf.book.status())
    updated = instant(lines[0]) if lines else "2000-01-01T00:00:00Z"
    template = ENVIRONMENT.get_template("feed.xml")
    return template.render(about=about, lines=lines, url=public_url, updated=updated, instant=instant)


def instant(line: CriedLine) -> str:
    """A decision's own instant: 00:00 UTC of its day."""
    return f"{dt.date.fromisoformat(line.date).isoformat()}T00:00:00Z"

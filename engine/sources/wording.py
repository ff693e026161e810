"""Makes plain text of what strangers publish: no markup, nothing invisible, instants in UTC, voices without names."""

from __future__ import annotations

import datetime as dt
import hashlib
import html
import re

from engine.model import Headline
from engine.sources.reading import Unreadable, later

READ = 20_000  # characters of a text that are looked at
POST = 1000  # characters of a post that are kept: more than is read of it
AUTHOR = 80

_TAG = re.compile(r"</?[A-Za-z][^<>]{0,400}>|<!--[^<>]{0,400}-->|<!\[CDATA\[|\]\]>")
# Controls, zero-width and direction marks, soft hyphens, halves of a letter, and the private area.
_INVISIBLE = re.compile(
    r"[\x00-\x1f\x7f-\x9f\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufe0f\ufeff\ud800-\udfff\ue000-\uf8ff]+"
)


def plain(text: object) -> str:
    """A text as a person sees it: tags and entities resolved, on one line; Unreadable where it is no text."""
    if not isinstance(text, str):
        raise Unreadable("unreadable")
    bare = text[:READ]
    for _ in range(2):  # a title in HTML that was escaped as if it were not
        bare = html.unescape(_TAG.sub(" ", bare))
    return " ".join(_INVISIBLE.sub(" ", _TAG.sub(" ", bare)).split())


def post(text: object) -> str:
    """The beginning of a post, as plain text."""
    return plain(text)[:POST].rstrip()


def instant(text: object) -> dt.datetime:
    """Read an instant in ISO, aware or UTC; Unreadable where it is none."""
    if not isinstance(text, str) or len(text) < 10:
        raise Unreadable("unreadable")
    try:
        moment = dt.datetime.fromisoformat(text)
        return moment.astimezone(dt.UTC) if moment.tzinfo else moment.replace(tzinfo=dt.UTC)
    except (ValueError, OverflowError):
        raise Unreadable("unreadable") from None


def voice(name: object) -> str:
    """Who wrote a post, as 16 digits that are the same for the same name: one voice is counted, no name is kept."""
    text = name.strip().casefold() if isinstance(name, str) else ""
    return hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=8).hexdigest() if text else ""


def headline(moment: dt.datetime, outlet: str, subject: str, title: str, author: str, social: bool) -> Headline:
    """A text as it is stored; one that hides its hour (midnight to the second) is known a day later."""
    known = later(moment.date().isoformat(), int(moment.time() == dt.time()))
    stamp = moment.replace(tzinfo=None, microsecond=0).isoformat(" ")
    return Headline(stamp, outlet, subject, title, known, author[:AUTHOR], social)

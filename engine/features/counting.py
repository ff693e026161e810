"""Decides which texts and mentions count: one text of many copies, one voice a token and day, a capped number a week.

What is loud is cheap to make: one author can post a token a hundred times, a hundred sites can reprint one release.
Texts are met in the order in which they became known, so what counts of the past never depends on what came later.
"""

from __future__ import annotations

import datetime as dt
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Literal

from engine.model import Headline
from engine.observed import CENTRAL_BANK, ECONOMY
from engine.sentiment import clean

# Mentions of one token in one ISO week that count of one named author, or of all unnamed posts of one place together:
# three days of talk. Who has more to say does not know more.
AUTHOR_CAP = 3
# The same of a newsroom whose authors are not named. In 7,494 headlines of 2021 and 2022 an outlet had seven or fewer a
# week about a token in 99 of 100 weeks (Bitcoin and Ethereum apart), 22 in the week LUNA fell: only a flood is cut.
NEWSROOM_CAP = 20
TAIL_WORDS = 3  # of a source's name behind a dash or bar: "... | Reuters", "... - Block Gazette"
MARKET = ""  # a post that counts for the market's tone is capped like one about a token

_LEAD = re.compile(r"(?:breaking|just in|update(?: \d+)?|exclusive|watch|alert)\b[\s:|-]+")
_TAIL = re.compile(rf"\s[-|]\s*+(?:[\w.&']++\s*+){{1,{TAIL_WORDS}}}$")  # possessive: no text makes it go back
_GAPS = re.compile(r"[\W_]+")


Room = Literal["news", "posts", "central bank", "economy"]


def room(headline: Headline) -> Room:
    """Where a text counts; what is said in one room is never mixed with what is said in another."""
    if headline.social:
        return "posts"
    if headline.subject == CENTRAL_BANK:
        return CENTRAL_BANK
    return ECONOMY if headline.subject == ECONOMY else "news"


def essence(title: str) -> str:
    """A title without case, punctuation, "Breaking:" and the source's name: what copies of it have in common."""
    text = clean(title).casefold()
    bare = _LEAD.sub("", _TAIL.sub("", text), count=1)
    return _GAPS.sub(" ", bare).strip() or _GAPS.sub(" ", text).strip() or text


def distinct(headlines: Iterable[Headline]) -> Iterator[Headline]:
    """The first of each title a day, each room for itself, in order of knowledge."""
    seen: set[tuple[str, Room, str]] = set()
    for headline in sorted(headlines, key=lambda h: (h.known, *h)):
        key = headline.known, room(headline), essence(headline.title)
        if key not in seen:
            seen.add(key)
            yield headline


class Turnstile:
    """Lets a voice speak of a token as often as it may; to be asked in order of knowledge."""

    def __init__(self) -> None:
        self._days: set[tuple[str, str, str]] = set()
        self._weeks: Counter[tuple[str, str, tuple[int, int]]] = Counter()

    def admits(self, headline: Headline, symbol: str) -> bool:
        """Count this mention, or say that its voice has spoken enough of the token."""
        voice = f"{headline.source}\0{headline.author}".casefold()
        is_newsroom = not headline.author and not headline.social
        date = dt.date.fromisoformat(headline.known)
        day, week = (voice, symbol, headline.known), (voice, symbol, date.isocalendar()[:2])
        if day in self._days and not is_newsroom:
            return False
        if self._weeks[week] >= (NEWSROOM_CAP if is_newsroom else AUTHOR_CAP):
            return False
        self._days.add(day)
        self._weeks[week] += 1
        return True

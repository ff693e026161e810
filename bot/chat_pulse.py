"""A chat's own pulse: counts messages and the tokens they speak of where a chat's admins want it, and shows the week.

No text is kept: a message is looked at once, in memory, and what remains of it are counts. They are shown to the chat
and to nobody else, and no signal ever reads them.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable, Set

from bot.phrases import counted, listed
from bot.reply import Column, Reply, Table
from engine.sentiment import Names
from storage.database import Database
from storage.pulse import MESSAGES, Pulse

SHOWN = 10
NAMED = 3
ALIVE = dt.timedelta(days=30)  # a token without a candle for longer does not trade
KEEPS = "Counts by day and token, for 90 days: no message is kept, and no signal reads them."
OFF = (
    "The pulse is off here. Once this chat's admins switch it on, messages are counted by day, with the tokens they "
    "speak of; no text is kept."
)


def subjects(text: str, names: Names, day: dt.date, trading: Set[str] = frozenset()) -> set[str]:
    """Symbols of the tokens that a message of that day speaks of, each once however often it is named.

    Of two tokens of one name the one that is in `trading` is meant.
    """
    return names.find(text, day, trading.__contains__ if trading else None)


Wants = Callable[[str, str], bool]  # platform and chat: did its admins switch the counting on, and is it on now


class Listener:
    """Hears the messages of chats that want their pulse counted, and adds the counts to the database when told to.

    `wants` is asked at every message and again before anything is stored. One write a message would be many: call
    `flush` every minute or so and at the end. What a kill takes are counts of the last minute.
    """

    def __init__(self, database: Database, wants: Wants) -> None:
        self._db = database
        self._wants = wants
        self._heard: dict[tuple[str, str, dt.date], Counter[str]] = {}
        self._names = Names({}, {})
        self._trading: frozenset[str] = frozenset()
        self._known_on: dt.date | None = None

    def hear(self, platform: str, chat: str, text: str, now: dt.datetime) -> None:
        """Count a message of a chat; of one that did not switch its pulse on, nothing."""
        if not self._wants(platform, chat):
            return
        day = now.astimezone(dt.UTC).date()
        self._learn(day)
        counts = self._heard.setdefault((platform, chat, day), Counter())
        counts.update([MESSAGES, *subjects(text, self._names, day, self._trading)])

    def flush(self) -> None:
        """Add what was heard to the database, except of chats that have switched their pulse off meanwhile."""
        heard, self._heard = self._heard, {}
        with self._db.atomic():
            for (platform, chat, day), counts in heard.items():
                if self._wants(platform, chat):
                    self._db.pulse.add(platform, chat, day, counts)

    def _learn(self, day: dt.date) -> None:
        """Gather the tokens' names once a day: the list of tokens changes seldom."""
        if self._known_on == day:
            return
        self._names = Names.of(self._db.market.tokens())
        last = self._db.market.last_candles()
        self._trading = frozenset(symbol for symbol, date in last.items() if day - date <= ALIVE)
        self._known_on = day


def chat_pulse(database: Database, platform: str, chat: str, today: dt.date, on: bool) -> Reply:
    """Show a chat its week: how much was written, of which tokens, and how that was the week before.

    `on` is whether its admins switched the counting on.
    """
    if not on:
        return Reply(title="Pulse of this chat", text=(OFF,), ok=False)
    found = database.pulse.weeks(platform, chat, today)
    written = next((entry for entry in found if entry.subject == MESSAGES), Pulse(MESSAGES, 0, 0))
    tokens = [entry for entry in found if entry.subject != MESSAGES]
    return Reply(
        title="Pulse of this chat",
        text=(_written(written), _spoken(tokens)),
        table=_table(tokens) if tokens else None,
        note=("Seven days up to today, and the seven before.", KEEPS),
    )


def _written(messages: Pulse) -> str:
    return f"{counted(messages.week, 'message')} this week, {messages.before:,} last week."


def _spoken(tokens: list[Pulse]) -> str:
    """`This chat spoke 41 times of AAVE this week, 12 last week.`"""
    if not tokens:
        return "No token has been spoken of in two weeks."
    first = tokens[0]
    said = f"This chat spoke {counted(first.week, 'time')} of {first.subject} this week, {first.before:,} last week."
    louder = [entry.subject for entry in tokens[1:] if entry.week >= 2 * max(entry.before, 1)][:NAMED]
    return f"{said} Twice as often as last week or more: {listed(louder)}." if louder else said


def _table(tokens: list[Pulse]) -> Table:
    columns = (Column("Token"), Column("This week", "right"), Column("Last week", "right"))
    return Table(columns, tuple((entry.subject, f"{entry.week:,}", f"{entry.before:,}") for entry in tokens[:SHOWN]))

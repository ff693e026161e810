"""Whom the bot answers, and how often: nobody twice for one tap, no chatter, no other bots, nobody without end."""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

from bot import texts
from bot.arguments import nearest
from bot.command import Command, Request
from bot.commands import COMMANDS
from bot.phrases import clipped
from bot.reply import Reply

# A person may ask BURST things at once, and one more every SECONDS_EACH: faster than anybody reads.
BURST, SECONDS_EACH = 8, 3.0
TAP_SECONDS = 2.0  # the same words of the same person within them are one tap
MOST_PEOPLE = 10_000  # whose last questions are remembered
MOST_MESSAGES = 20_000  # that were answered, so that an edit of one is not
SILENCE = Reply()  # says nothing, and is not to be sent

Verdict = Literal["answer", "refuse", "ignore"]


@dataclass(slots=True)
class _Person:
    """What is remembered of one person, in memory alone: tokens left at a time, and the last words with their time."""

    tokens: float
    at: float
    refused: bool = False
    words: str = ""
    said_at: float = -math.inf
    typing: str = ""


class Manners:
    """Decides of each message whether it is answered; `clock` counts seconds that never go back."""

    def __init__(self, clock: Callable[[], float], commands: Mapping[str, Command] = COMMANDS) -> None:
        self._clock = clock
        self._commands = commands
        self._people: OrderedDict[tuple[str, str], _Person] = OrderedDict()
        self._answered: OrderedDict[tuple[str, str, str], None] = OrderedDict()

    def attend(self, request: Request, answer: Callable[[Request], Reply]) -> Reply:
        """The answer to a message, one polite refusal to a person who asks too much, or SILENCE."""
        verdict = self.judge(request)
        if verdict == "answer":
            return answer(request)
        return Reply(text=(texts.SLOW_DOWN,), ok=False, private=True) if verdict == "refuse" else SILENCE

    def judge(self, request: Request) -> Verdict:
        """Whether to answer, and remember that it was asked: to be called once a message."""
        if request.from_bot or not self.is_addressed(request) or self._was_answered(request):
            return "ignore"
        person = self._person(request)
        now = self._clock()
        if request.typing:
            return self._show(person, request.typing, now)
        words = f"{request.chat} {' '.join(request.text.split()).casefold()}"
        tapped_again = words == person.words and now - person.said_at < TAP_SECONDS
        person.words, person.said_at = words, now
        return "ignore" if tapped_again else self._spend(person, now)

    def is_addressed(self, request: Request) -> bool:
        """Whether a message is meant for the bot: all in private, elsewhere buttons, its commands and typos of them.

        Another bot's command is none of its business, so most unknown commands of a group get no suggestion.
        """
        if request.pressed or request.is_personal:
            return True
        if not request.text.startswith("/"):
            return False
        name = clipped(request.text).split(" ", 1)[0].lstrip("/").split("@", 1)[0].casefold()
        return name in self._commands or bool(nearest(name, self._commands, most=1))

    def _show(self, person: _Person, typing: str, now: float) -> Verdict:
        """One token for all that is shown for some letters; where there is none, nothing is shown and nothing said."""
        if person.typing != typing:
            told = person.refused
            if self._spend(person, now) != "answer":
                person.refused = told
                return "ignore"
            person.typing = typing
        return "answer"

    def _was_answered(self, request: Request) -> bool:
        """Whether this very message was answered before it was edited, or delivered a second time."""
        if request.pressed or not request.message:
            return False
        key = (request.platform, request.chat, request.message)
        if key in self._answered:
            return True
        self._answered[key] = None
        if len(self._answered) > MOST_MESSAGES:
            self._answered.popitem(last=False)
        return False

    def _person(self, request: Request) -> _Person:
        """Who asks; admins who speak in a chat's name are one person a chat."""
        key = (request.platform, f"in {request.chat}" if request.anonymous else request.user)
        person = self._people.pop(key, None) or _Person(BURST, self._clock())
        self._people[key] = person
        if len(self._people) > MOST_PEOPLE:
            self._people.popitem(last=False)
        return person

    def _spend(self, person: _Person, now: float) -> Verdict:
        """Take one token; the first time that there is none is said, and then nothing until there are some again."""
        person.tokens = min(BURST, person.tokens + max(now - person.at, 0.0) / SECONDS_EACH)
        person.at = now
        if person.tokens >= 1:
            person.tokens -= 1
            person.refused = False
            return "answer"
        if person.refused:
            return "ignore"
        person.refused = True
        return "refuse"

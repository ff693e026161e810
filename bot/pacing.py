"""Our own pace of sending: evenly spaced over all chats, and for each chat and group; one pause that holds for all."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from storage.chats import Place

MANY = 20_000  # chats whose last message is remembered; the older ones had theirs long ago


@dataclass(frozen=True, slots=True)
class Rates:
    """Messages a second to all chats together and to one chat, and a minute to one group or channel."""

    overall: float
    chat: float = float("inf")
    group: float = float("inf")

    def between(self, place: Place) -> float:
        """Seconds between two messages to one chat."""
        return max(1 / self.chat, 60 / self.group if place in ("group", "channel") else 0.0)


@dataclass(frozen=True, slots=True)
class Turn:
    """When a message may go: in `seconds`; not `taken` where its own chat's turn comes later than everybody's."""

    seconds: float
    taken: bool


class Pace:
    """Gives every message its turn (the generic cell rate algorithm, without any burst).

    Even spacing and no bucket: a bucket lets through a burst beside the steady rate, which is what limits punish.
    """

    def __init__(self, rates: Rates, clock: Callable[[], float]) -> None:
        self._rates = rates
        self._clock = clock
        self._next = self._held = self._gone = float("-inf")
        self._chats: dict[str, float] = {}

    def turn(self, chat: str, place: Place) -> Turn:
        """Take the next turn; where the chat itself must wait longer, none is taken and nobody else waits for it."""
        now = self._clock()
        at = max(now, self._next, self._held)
        own = self._chats.get(chat, at)
        if own > at:
            return Turn(own - now, False)
        self._next = at + self.apart
        self._remember(chat, at + self._rates.between(place), now)
        return Turn(at - now, True)

    def slot(self) -> float:
        """Seconds until a message whose turn has come may really go: those that were held up together are spaced again.

        Turns are given ahead; the machine may pause, and all whose turns have passed meanwhile would go at once.
        """
        now = self._clock()
        at = max(now, self._gone)
        self._gone = at + self.apart
        return at - now

    @property
    def apart(self) -> float:
        """Seconds between two messages."""
        return 1 / self._rates.overall

    def hold(self, seconds: float) -> None:
        """Let nothing go for so long; a longer hold that stands already stays."""
        self._held = max(self._held, self._clock() + seconds)

    @property
    def held_for(self) -> float:
        """Seconds until anything may go again."""
        return max(self._held - self._clock(), 0.0)

    def _remember(self, chat: str, until: float, now: float) -> None:
        if len(self._chats) >= MANY:
            self._chats = {name: then for name, then in self._chats.items() if then > now}
        self._chats[chat] = until

"""How much one group or channel may be sent: beyond 20 messages a minute Telegram stops the bot for all chats."""

from __future__ import annotations

import time
from collections import OrderedDict, deque
from collections.abc import Callable

MOST, WINDOW = 18, 60.0  # messages, seconds; two are left for what comes by itself
MOST_CHATS = 5000


class Quota:
    """Counts what went to each group and channel; people in private are not counted."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._sent: OrderedDict[int, deque[float]] = OrderedDict()

    def spend(self, chat: int) -> None:
        """Note that a message goes to a chat."""
        if self.counts(chat):
            self._sent.setdefault(chat, deque(maxlen=MOST)).append(self._monotonic())
            self._sent.move_to_end(chat)
            while len(self._sent) > MOST_CHATS:
                self._sent.popitem(last=False)

    @staticmethod
    def counts(chat: int) -> bool:
        """Whether a chat is held to a quota: groups and channels are."""
        return chat < 0

    def book(self, chat: int, messages: int = 1) -> float:
        """Book messages to a chat: 0 where they may be sent and are counted, else seconds until asking again is worth
        it.

        Who asks first and sends later would let everybody through who asks in between.
        """
        if wait := self.wait(chat, messages):
            return wait
        for _ in range(messages):
            self.spend(chat)
        return 0.0

    def wait(self, chat: int, messages: int = 1) -> float:
        """Seconds until a chat may be sent so many messages, 0 where it may now; more than any quota count as one."""
        sent = self._sent.get(chat, ())
        over = len(sent) + min(messages, MOST) - MOST  # so many of the oldest must be a minute old
        return max(0.0, sent[over - 1] + WINDOW - self._monotonic()) if over > 0 else 0.0

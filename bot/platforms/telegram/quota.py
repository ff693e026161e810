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
        if chat < 0:
            self._sent.setdefault(chat, deque(maxlen=MOST)).append(self._monotonic())
            self._sent.move_to_end(chat)
            while len(self._sent) > MOST_CHATS:
                self._sent.popitem(last=False)

    def book(self, chat: int) -> float:
        """Book a message to a chat: 0 where it may be sent and is counted, else seconds until asking again is worth it.

        Who asks first and sends later would let everybody through who asks in between.
        """
        if wait := self.wait(chat):
            return wait
        self.spend(chat)
        return 0.0

    def wait(self, chat: int) -> float:
        """Seconds until a chat may be answered again, 0 where it may now."""
        sent = self._sent.get(chat)
        if sent is None or len(sent) < MOST:
            return 0.0
        return max(0.0, sent[0] + WINDOW - self._monotonic())

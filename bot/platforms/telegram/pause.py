"""One pause for all that is sent: after Telegram asked for patience nothing goes out before it is over."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable

from bot.platforms.port import SlowDown

LONGEST_WAIT = 60.0  # seconds that an answer waits; by then the person has asked again


class Pause:
    """Until when nothing may be sent."""

    def __init__(
        self,
        monotonic: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._monotonic = monotonic
        self._sleep = sleep
        self._until = 0.0

    @property
    def left(self) -> float:
        """Seconds until something may be sent, 0 where it may now."""
        return max(0.0, self._until - self._monotonic())

    def begin(self, seconds: float) -> None:
        """Send nothing for so long; a longer pause that runs already stays."""
        self._until = max(self._until, self._monotonic() + seconds)

    def check(self) -> None:
        """Raise SlowDown while it lasts."""
        if self.left > 0:
            raise SlowDown("Telegram asked for patience", self.left)

    async def over(self) -> None:
        """Wait for its end; SlowDown at once where that is too far off for somebody who waits for an answer."""
        while (left := self.left) > 0:
            if left > LONGEST_WAIT:
                raise SlowDown("Telegram asked for patience", left)
            await self._sleep(left)

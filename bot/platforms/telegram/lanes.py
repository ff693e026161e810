"""Takes updates side by side, those of one person in one chat in order, and no more of anybody's than are bearable."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Hashable

MOST_WAITING = 10  # of one person in one chat; what comes on top is dropped
MOST_AT_ALL = 2000

log = logging.getLogger(__name__)

Work = Callable[[], Awaitable[None]]


class Lanes:
    """One queue a key, all of them at once."""

    def __init__(self) -> None:
        self._waiting: dict[Hashable, list[Work]] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def take(self, key: Hashable, work: Work) -> bool:
        """Do some work after what waits under the same key; False where it was dropped."""
        waiting = self._waiting.get(key)
        if waiting is not None:
            if len(waiting) >= MOST_WAITING:
                return False
            waiting.append(work)
            return True
        if len(self._waiting) >= MOST_AT_ALL:
            return False
        self._waiting[key] = [work]
        task = asyncio.get_running_loop().create_task(self._run(key))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return True

    async def close(self, seconds: float) -> None:
        """Let what has begun come to its end for so long, and cancel the rest."""
        if self._tasks:
            _, late = await asyncio.wait(self._tasks, timeout=seconds)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)

    async def _run(self, key: Hashable) -> None:
        waiting = self._waiting[key]
        try:
            while waiting:
                try:
                    await waiting[0]()
                except Exception:
                    log.exception("an update could not be handled")
                waiting.pop(0)
        finally:
            del self._waiting[key]

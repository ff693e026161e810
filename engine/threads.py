"""Keeps native thread pools to one thread: sums keep their order, and small products do not wait for a busy core."""

from __future__ import annotations

import sys
from contextlib import AbstractContextManager
from functools import cache

from threadpoolctl import ThreadpoolController

LEARNING = "sklearn.ensemble"  # brings thread pools of its own, which must be there to be found


@cache
def _pools(learning: bool) -> ThreadpoolController:
    return ThreadpoolController()


def one_thread() -> AbstractContextManager[object]:
    """Keep the thread pools of the libraries that are loaded to one thread."""
    limits: AbstractContextManager[object] = _pools(LEARNING in sys.modules).limit(limits=1)
    return limits

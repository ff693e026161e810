"""Keeps native thread pools to one thread, so that sums are added in one order and give the same bytes."""

from __future__ import annotations

from contextlib import AbstractContextManager
from functools import cache

from threadpoolctl import ThreadpoolController


@cache
def _pools() -> ThreadpoolController:
    import sklearn.ensemble  # noqa: F401  its thread pools must be there to be found

    return ThreadpoolController()


def one_core() -> AbstractContextManager[object]:
    """Keep native thread pools to one thread, so that sums are added in one order and their bytes are the same."""
    limits: AbstractContextManager[object] = _pools().limit(limits=1)
    return limits

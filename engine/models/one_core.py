"""Keeps fits to one core, so that sums are added in one order and give the same bytes."""

from __future__ import annotations

from contextlib import AbstractContextManager

from engine.threads import one_thread


def one_core() -> AbstractContextManager[object]:
    """Keep native thread pools to one thread, those of scikit-learn among them."""
    import sklearn.ensemble  # noqa: F401  its thread pools must be there to be found

    return one_thread()

"""Keeps a small machine enough: what a weekly job never needs is not loaded, what it frees is given back, and what a
service holds for good is not looked through again and again."""

from __future__ import annotations

import ctypes
import gc
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from importlib.machinery import ModuleSpec
from types import ModuleType

PANDAS = "pandas"  # sqlite-utils and scikit-learn take it along where it is installed; no row of ours needs its 35 MB
M_MMAP_THRESHOLD = -3  # glibc's number of the setting, malloc.h
OF_ITS_OWN = 1 << 20  # bytes from which a block of memory is given back as soon as it is freed


@contextmanager
def lean() -> Iterator[None]:
    """Run what is inside with little memory; in a process that holds pandas already, as it is.

    glibc raises its threshold to the largest block it has seen freed, and from then on keeps such blocks for later:
    after the features that is 100 MB which the fits cannot use.
    """
    if PANDAS in sys.modules:
        yield
        return
    without = _Without()
    sys.meta_path.insert(0, without)
    with suppress(AttributeError, OSError, TypeError):  # another C library keeps its own house
        ctypes.CDLL(None).mallopt(M_MMAP_THRESHOLD, OF_ITS_OWN)
    try:
        yield
    finally:
        sys.meta_path.remove(without)


@contextmanager
def sparing() -> Iterator[Callable[[], None]]:
    """Give a function that spares all there is at its call from the search for garbage, until the end.

    A service holds some 200,000 objects for as long as it runs, modules and classes. Each whole search looked at them
    all and let every question wait for a fifth of a second.
    """

    def spare() -> None:
        gc.collect()
        gc.freeze()

    try:
        yield spare
    finally:
        gc.unfreeze()


class _Without:
    """Finds no pandas, as if it were not installed."""

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if name == PANDAS:
            raise ModuleNotFoundError("left out to save memory", name=name)
        return None

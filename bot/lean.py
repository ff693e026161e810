"""Keeps the memory of a weekly job down: what it never needs is not loaded, what it frees goes back to the machine."""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Iterator, Sequence
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


class _Without:
    """Finds no pandas, as if it were not installed."""

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if name == PANDAS:
            raise ModuleNotFoundError("left out to save memory", name=name)
        return None

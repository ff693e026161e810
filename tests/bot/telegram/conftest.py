"""A Telegram platform on the emulator, with the book of fakes behind it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
from emulators.telegram_bench import Bench, open_bench, start


@pytest.fixture
async def bench(book: Any) -> AsyncIterator[Bench]:
    async with open_bench(book) as bench:
        yield bench


@pytest.fixture
def opened(book: Any) -> Callable[..., Any]:
    """Open a bench of one's own: `async with opened(run=False) as bench`."""
    return lambda **more: open_bench(book, **more)


@pytest.fixture
def begin() -> Callable[[Bench], Awaitable[None]]:
    return start

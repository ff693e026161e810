"""A Discord platform on the emulator: the real client, a desk of fakes behind it, one bot running."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
from emulators.discord_bench import Bench, open_bench, start, stop

from bot.platforms.discord import client


@pytest.fixture(autouse=True)
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait for no server that does not exist."""
    monkeypatch.setattr(client, "GUILDS_WITHIN", 0.02)


@pytest.fixture
async def bench(book: Any, hurried: None) -> AsyncIterator[Bench]:
    async with open_bench(book) as bench:
        yield bench


@pytest.fixture
def opened(book: Any) -> Callable[..., Any]:
    """Open a bench of one's own: `async with opened(run=False) as bench`."""
    return lambda **more: open_bench(book, **more)


@pytest.fixture
def begin() -> Callable[[Bench], Awaitable[None]]:
    return start


@pytest.fixture
def end() -> Callable[[Bench], Awaitable[None]]:
    return stop

"""The real service as a process, and the counter on the other end of its line."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest
from emulators.nursery import Nursery
from emulators.wire import WireService


@pytest.fixture(scope="session")
def opened_nursery() -> Iterator[Nursery]:
    opened = Nursery()
    yield opened
    opened.close()


@pytest.fixture
def nursery(opened_nursery: Nursery) -> Iterator[Nursery]:
    opened_nursery.complaints()
    yield opened_nursery
    opened_nursery.tidy()


@pytest.fixture
async def service() -> AsyncIterator[WireService]:
    async with WireService() as opened:
        yield opened

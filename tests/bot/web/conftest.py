"""Small decided databases, and the site over one of them on loopback."""

import sqlite3

import aiohttp
import pytest
from emulators.decided import NOW, make_decided

from bot.settings import Settings
from bot.web.manners import Pace
from bot.web.server import listening


@pytest.fixture(scope="session")
def decided(tmp_path_factory):
    """A live record of two weeks; nobody may write to it."""
    path = tmp_path_factory.mktemp("decided") / "crier.db"
    make_decided(path)
    return path


@pytest.fixture
def copied(decided, tmp_path):
    """One's own copy."""
    path = tmp_path / "crier.db"
    with sqlite3.connect(decided) as source, sqlite3.connect(path) as target:
        source.backup(target)
    target.close()
    source.close()
    return path


def settings_of(path, **changes):
    return Settings(_env_file=None, database=path).model_copy(update={"web_port": 0} | changes)


@pytest.fixture
def serve():
    """`async with serve(path, **settings) as (site, client)`: the site, and a client whose base is its address."""
    return Serving


class Serving:
    def __init__(self, path, pace=None, headers=None, **changes):
        self._site = listening(settings_of(path, **changes), lambda: NOW, pace or Pace(lambda: 0.0, burst=10**6))
        self._headers = headers

    async def __aenter__(self):
        found = await self._site.__aenter__()
        self._client = aiohttp.ClientSession(found.address, headers=self._headers)
        return found, self._client

    async def __aexit__(self, *error):
        await self._client.close()
        await self._site.__aexit__(*error)

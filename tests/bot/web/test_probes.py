"""/healthz, /readyz and /metrics over real HTTP: 503 where something fails, detail and figures for who may read."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import ClientSession
from pydantic import SecretStr

from bot.finding import Finding
from bot.health import alive
from bot.metrics import metrics
from bot.settings import Settings
from bot.web.manners import BURST
from bot.web.probes import Probes
from bot.web.server import listening
from storage.database import Database, open_database

NOW = dt.datetime(2026, 11, 25, 12, tzinfo=dt.UTC)


@asynccontextmanager
async def served(tmp_path: Path, ready: Callable[[], list[Finding]], token: str = "") -> AsyncIterator[str]:
    settings = Settings(
        database=tmp_path / "crier.db", web_port=None, metrics_token=SecretStr(token) if token else None
    ).model_copy(update={"web_port": 0})
    database: Database = open_database(settings.database)

    async def is_alive() -> list[Finding]:
        return alive(database, NOW)

    async def is_ready() -> list[Finding]:
        return ready()

    async def figures() -> str:
        return metrics(database, NOW)

    try:
        async with listening(settings, probes=Probes(settings, is_alive, is_ready, figures)) as found:
            yield found.address
    finally:
        database.close()


async def get(url: str, **headers: str) -> tuple[int, str]:
    async with ClientSession() as session, session.get(url, headers=headers) as response:
        return response.status, await response.text()


async def test_probes_tell_a_machine_here_all_and_a_stranger_behind_a_proxy_no_detail(tmp_path: Path) -> None:
    async with served(tmp_path, lambda: [Finding("sending", False, "telegram is stuck")]) as address:
        assert await get(f"{address}/healthz") == (200, "writing: ok, the database takes what is written\n")
        assert await get(f"{address}/readyz") == (503, "sending: FAIL, telegram is stuck\n")
        assert await get(f"{address}/readyz", **{"X-Forwarded-For": "192.0.2.7"}) == (503, "FAIL\n")
        status, text = await get(f"{address}/metrics")
        assert (status, "crier_build_info{" in text) == (200, True)
        status, _ = await get(f"{address}/metrics", **{"X-Forwarded-For": "192.0.2.7"})
        assert status == 404


@pytest.mark.parametrize("shown, status", [("Bearer a-long-word", 200), ("Bearer another", 404), ("", 404)])
async def test_with_a_token_figures_are_for_who_shows_it(tmp_path: Path, shown: str, status: int) -> None:
    async with served(tmp_path, list, token="a-long-word") as address:
        assert (await get(f"{address}/metrics", Authorization=shown))[0] == status


async def test_a_probe_that_is_asked_again_at_once_is_not_made_again(tmp_path: Path) -> None:
    asked: list[int] = []

    def ready() -> list[Finding]:
        asked.append(1)
        return []

    async with served(tmp_path, ready) as address:
        for _ in range(3):
            assert (await get(f"{address}/readyz"))[0] == 200
    assert len(asked) == 1


async def test_a_flood_of_questions_never_makes_a_probe_fail_and_is_answered_by_one_examination(tmp_path: Path) -> None:
    """Behind a proxy that is not named in the settings a stranger's flood and the platform's probe share an address."""
    looks: list[int] = []

    def ready() -> list[Finding]:
        looks.append(1)
        return [Finding("sending", True, "0 messages waiting")]

    async with served(tmp_path, ready) as address, ClientSession() as session:
        codes = set()
        for _ in range(BURST // 20 + 2):
            codes |= set(await asyncio.gather(*(status(session, f"{address}/readyz") for _ in range(20))))
        assert codes == {200}
        assert looks == [1]
        assert await status(session, f"{address}/healthz") == 200


async def status(session: ClientSession, url: str) -> int:
    async with session.get(url) as response:
        return response.status

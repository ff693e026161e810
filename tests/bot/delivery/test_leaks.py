"""A day of the whole service with all that fails, and a search for its tokens in everything that it left behind."""

from __future__ import annotations

import asyncio
import datetime as dt
import json
import os
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from io import StringIO
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from aiohttp import ClientSession
from emulators import faults
from emulators.bench import Bench, bench
from emulators.discord import Discord, refusing as discord_refusing, taken_but_unanswered
from emulators.telegram import Telegram, refusing as telegram_refusing, sent_but_unanswered

from bot import supervision
from bot.fetching import Fetcher
from bot.logs import logging_to
from bot.platforms.discord import client, platform
from bot.reply import Reply
from bot.service import platforms_of, serve
from bot.settings import Settings
from engine.sources.http.limits import Limits
from storage.database import open_database
from storage.outbox import Letter, News

ROOT = Path(__file__).resolve().parents[3]
DAY = dt.timedelta(days=1)
SECRETS = {
    "telegram": "987654321:AAtelegramLEAKtelegramLEAKtelegramLE",
    "discord": "OTg3NjU0MzIxMDk4NzY1NDMy.Gleaks.discordLEAKdiscordLEAKdiscord",
    "fred": "feedc0deLEAKfeedc0deLEAKfeedc0de",
    "reddit": "redditLEAKid0:redditLEAKsecret0",
    "x": "xLEAKbearerLEAKbearerLEAK",
    "webhook": "webhookLEAKsecret",
    "metrics": "metricsLEAKtoken",
}
KEYED = ("fred", "reddit", "x")
HASTY = Limits(total=0.4, read=0.25, connect=2.0, attempts=2)
WAY = (faults.status(401), faults.status(500), faults.reset, faults.silence, faults.led_astray)


def needles() -> list[bytes]:
    """Every secret as it would be found: whole, its secret half, and as addresses spell it."""
    found = set()
    for secret in SECRETS.values():
        found |= {secret, secret.split(":")[-1], quote(secret, safe=""), secret.rpartition(".")[2]}
    return [each.encode() for each in sorted(found)]


def check(where: str, found: str | bytes) -> None:
    raw = found.encode("utf-8", "surrogateescape") if isinstance(found, str) else found
    for needle in needles():
        assert needle not in raw, f"{where}: ...{raw[max(raw.index(needle) - 120, 0) :][:200]!r}..."


async def crier(folder: Path, *arguments: object, **more: str) -> str:
    """All that one command of the operator prints."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("CRIER_")}
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bot", *map(str, arguments), cwd=folder, env=kept | {"PYTHONPATH": str(ROOT)} | more,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    printed, _ = await process.communicate()
    assert printed, arguments
    return printed.decode()


class Crashing:
    """A platform whose line falls over a few times, with words that hold its token."""

    def __init__(self, real: Any, times: int) -> None:
        self._real, self._left = real, times
        self.id, self.send = real.id, real.send

    @property
    def is_connected(self) -> bool:
        return bool(self._real.is_connected)

    async def run(self, ready: Any) -> None:
        if self._left > 0:
            self._left -= 1
            raise RuntimeError(f"cannot reach https://api.telegram.org/bot{SECRETS['telegram']}/getMe")
        await self._real.run(ready)


@pytest.fixture(autouse=True)
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "GUILDS_WITHIN", 0.02)
    monkeypatch.setattr(platform, "FIRST_WAIT", 0.05)
    monkeypatch.setattr(supervision, "FIRST", 0.01)


@asynccontextmanager
async def running(settings: Settings, log: StringIO) -> AsyncIterator[None]:
    """`crier run` in this process, without its jobs: its log goes to `log`."""

    def make(*parts: Any) -> Sequence[Any]:
        return [Crashing(each, supervision.TOLD_AFTER if each.id == "telegram" else 0) for each in platforms_of(*parts)]

    with logging_to(settings, log):
        service = asyncio.create_task(serve(settings, make, jobs=False))
        try:
            yield
        finally:
            os.kill(os.getpid(), 15)
            await asyncio.wait_for(service, 30)


def queue(path: Path, name: str, *where: tuple[str, int]) -> None:
    database, now = open_database(path), dt.datetime.now(dt.UTC)
    try:
        letter = Letter(Reply(title=name).to_json(), [(place, str(chat), None) for place, chat in where])
        database.outbox.enqueue(News(name, "admin", now + DAY), [letter], now)
    finally:
        database.close()


async def read_all(base: str) -> list[str]:
    """Pages, answers of the API, probes and errors, with every header."""
    told = []
    asked = {"Authorization": "Bearer nonsense"}
    async with ClientSession(base) as session:
        for path in (
            "/", "/journal", "/verify", "/scoreboard", "/methodology", "/api", "/api/v1/status", "/api/v1/openapi.json",
            "/feed.atom", "/feed.rss", "/journal/live.jsonl", "/metrics", "/healthz", "/readyz", "/nothing",
            "/api/v1/nothing",
            f"/token/{'x' * 2000}", "/api/v1/status?x=1", "/telegram", "/.env", "/../.env", "/static/../../.env",
        ):  # fmt: skip
            async with session.get(path, headers=asked) as answer:
                told.append(f"{path} {answer.status} {dict(answer.headers)} {await answer.text()}")
    return told


async def fetched(b: Bench) -> None:
    """The sources that hold a key, in peace and with every fault there is."""
    keys = {name: SECRETS[name] for name in KEYED}
    for fault in (None, *WAY):
        if fault is not None:
            b.service.fail(fault)
        await Fetcher(
            b.database, b.time.clock, bases=b.service.bases, keys=keys, limits=HASTY if fault else b.limits
        ).run(KEYED)
        b.service.recover()
        b.later(hours=7)


async def test_no_token_is_in_anything_that_a_day_of_the_service_leaves_behind(
    tmp_path: Path, unused_tcp_port: int
) -> None:
    folder, hidden, log, page = (
        tmp_path / "home",
        tmp_path / "secrets",
        StringIO(),
        f"http://127.0.0.1:{unused_tcp_port}",
    )
    folder.mkdir()
    hidden.mkdir()
    (folder / "backups").mkdir()
    for name in ("telegram", "discord"):
        (hidden / name).write_text(SECRETS[name], "utf-8")
    (hidden / "keys").write_text(json.dumps({name: SECRETS[name] for name in KEYED}), "utf-8")
    async with Telegram(SECRETS["telegram"]) as telegram, Discord(SECRETS["discord"]) as discord:
        services = {"CRIER_TELEGRAM_API": telegram.address, "CRIER_DISCORD_API": discord.api}
        said = await crier(
            folder, "init", "--no-input", "--telegram-token-file", hidden / "telegram", "--discord-token",
            SECRETS["discord"], "--database", folder / "crier.db", **services,
        )  # fmt: skip
        assert "/claim " in said
        check("init", said)
        settings = Settings(
            _env_file=None, database=folder / "crier.db",
            telegram_token=SECRETS["telegram"], telegram_api=telegram.address,
            discord_token=SECRETS["discord"], discord_api=discord.api, discord_gateway=discord.gateway,
            source_keys=json.dumps({name: SECRETS[name] for name in KEYED}), webhook_secret=SECRETS["webhook"],
            metrics_token=SECRETS["metrics"], web_port=unused_tcp_port, log_level="debug", log_json=True,
            admins="discord:42",
        )  # type: ignore[call-arg,arg-type]  # fmt: skip
        check("settings", repr(settings) + str(settings))
        with logging_to(settings, log):
            async with bench(*KEYED, path=str(settings.database), tokens=("BTC",)) as b:
                await fetched(b)
        async with running(settings, log):
            ann, bob = telegram.person("Ann"), discord.person("Bob")
            await discord.connected()
            ann.writes("/status")
            await telegram.answer(ann.private)
            await discord.answer(bob.runs("/status"))
            for number, (on_telegram, on_discord) in enumerate(
                (
                    (sent_but_unanswered, taken_but_unanswered),
                    (telegram_refusing(401, "Unauthorized"), discord_refusing(401)),
                    (telegram_refusing(502, "Bad Gateway"), discord_refusing(502)),
                    (telegram_refusing(400, _echo(telegram.address)), discord_refusing(400, 50035, _echo(discord.api))),
                    (faults.page, faults.page),
                )
            ):
                with telegram.failing(on_telegram, where="sendMessage"):
                    discord.fail(on_discord, where="POST")
                    queue(settings.database, f"week {number}", ("telegram", ann.id), ("discord", bob.dm.id))
                    await asyncio.sleep(0.4)
                    discord.recover()
            pages = await read_all(page)
            telegram.revoke()
            await asyncio.sleep(0.5)
        chats = json.dumps([[m.text for m in telegram.sent], [m.__dict__ for m in discord.sent]], default=str)
    env = {
        "CRIER_TELEGRAM_TOKEN_FILE": str(hidden / "telegram"),
        "CRIER_SOURCE_KEYS_FILE": str(hidden / "keys"),
    } | services
    printed = await asyncio.gather(
        *(crier(folder, *command, **env) for command in (
            ("doctor", "--json"), ("health",), ("backup", "backups"), ("ask", "/status"),
            ("fetch", "--only", SECRETS["fred"][:4]),
        ))
    )  # fmt: skip
    assert "telegram does not stay alive" in log.getvalue(), "the crash was told"
    assert log.getvalue().count("<secret>") > 0, "there was something to hide"
    check("the log", log.getvalue())
    for part in (*pages, chats, *printed):
        check("what was answered", part)
    files = [path for path in folder.rglob("*") if path.is_file() and path.name != ".env"]
    assert {".db"} <= {path.suffix for path in files} and len(files) >= 2
    for path in files:
        check(path.name, path.read_bytes())


def _echo(address: str) -> str:
    """A refusal of a careless proxy, which repeats the address it was asked."""
    return f"Not Found: {address}/bot{SECRETS['telegram']}/sendMessage Authorization: Bot {SECRETS['discord']}"


def test_the_search_itself_finds_a_token_however_it_is_spelt() -> None:
    for secret in SECRETS.values():
        for spelt in (secret, quote(secret, safe=""), f"https://x/bot{secret}/y"):
            with pytest.raises(AssertionError):
                check("here", f"before {spelt} after")
    check("here", "nothing of that sort")

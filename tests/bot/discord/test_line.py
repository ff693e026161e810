"""The line to Discord: it is mended when it breaks, survives what it cannot read, and ends cleanly."""

from __future__ import annotations

import asyncio
import logging
import time
from pathlib import Path
from typing import Any

import discord
import pytest
from emulators import faults
from emulators.discord import refusing

from bot.command import Request
from bot.platforms.discord import FileNotes, client, platform
from bot.platforms.discord.failures import undelivered
from bot.platforms.port import Address, Parcel
from bot.reply import Reply


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platform, "FIRST_WAIT", 0.02)
    monkeypatch.setattr(discord.client.ExponentialBackoff, "delay", lambda self: 0.05)

    async def at_once(self: discord.Client, shard: int | None, *, initial: bool = False) -> None:
        """The client waits five seconds before it begins a session anew."""

    monkeypatch.setattr(discord.Client, "before_identify_hook", at_once)


async def speaks(bench: Any) -> None:
    """The bot answers."""
    await bench.server.connected()
    await bench.server.answer(bench.server.person("Ann").runs("/help"))


async def test_the_gateway_is_greeted_with_one_intent_that_is_not_privileged(bench: Any) -> None:
    await speaks(bench)
    assert bench.server.identified[0]["intents"] == discord.Intents(guilds=True).value
    assert bench.server.heartbeats


async def test_a_line_that_drops_is_resumed_and_nothing_is_missed(bench: Any) -> None:
    await speaks(bench)
    await bench.server.drop()
    asked = bench.server.person("Bob").runs("/help")  # while the line is down
    await bench.server.answer(asked)
    assert len(bench.server.identified) == 1 and bench.server.resumed[0]["session_id"] == "s1"


async def test_a_request_to_reconnect_is_followed(bench: Any) -> None:
    await speaks(bench)
    await bench.server.says(7)
    await bench.server.until(lambda: bench.server.resumed)
    await speaks(bench)


@pytest.mark.parametrize("resumable", [True, False])
async def test_an_invalid_session_begins_anew_or_is_resumed(bench: Any, resumable: bool) -> None:
    await speaks(bench)
    await bench.server.says(9, resumable)
    await bench.server.until(lambda: len(bench.server.resumed) + len(bench.server.identified) == 2)
    await speaks(bench)


async def test_a_session_that_cannot_be_resumed_any_more_begins_anew(bench: Any) -> None:
    bench.server.resumable = False
    await bench.server.drop()
    await bench.server.until(lambda: len(bench.server.identified) == 2)
    await speaks(bench)


@pytest.mark.parametrize("event", ["INTERACTION_CREATE", "GUILD_CREATE", "CHANNEL_DELETE", "THREAD_DELETE"])
@pytest.mark.parametrize("data", [{}, {"id": "x", "secret words": 1}, [], None])
async def test_an_event_that_cannot_be_read_is_skipped_on_the_same_line(
    bench: Any, event: str, data: Any, caplog: pytest.LogCaptureFixture
) -> None:
    bench.server.tell(event, data)
    await speaks(bench)
    assert len(bench.server.identified) == 1
    assert "could not be read" in caplog.text and "secret words" not in caplog.text


@pytest.mark.parametrize("frame", ["{not json", "[]", '{"op": 0, "t": "READY", "s": 1, "d": {}}'])
async def test_a_frame_that_cannot_be_read_ends_the_connection_and_never_the_bot(bench: Any, frame: str) -> None:
    await bench.server.babbles(frame)
    await bench.server.until(lambda: len(bench.server.identified) == 2)
    await speaks(bench)


async def test_a_bot_that_starts_while_discord_is_down_waits_for_it(opened: Any, begin: Any) -> None:
    async with opened(run=False) as bench:
        bench.server.fail(refusing(403), times=2, where="GET /users/@me")
        bench.server.fail(refusing(400, 50035, "Invalid Form Body"), times=1, where="/commands")
        await begin(bench)
        assert bench.server.sockets and bench.server.syncs <= 1


async def test_commands_are_put_only_where_they_changed(
    opened: Any, begin: Any, end: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for notes in (None, FileNotes(tmp_path / "crier.db.discord")):
        async with opened(**({"notes": notes} if notes else {})) as bench:
            await end(bench)
            await begin(bench)
            await speaks(bench)
            assert bench.server.syncs == 1
            await end(bench)
            monkeypatch.setattr("bot.platforms.discord.slash.GROUP_HELP", "Something else")
            await begin(bench)
            assert bench.server.syncs == 2
            monkeypatch.undo()
            monkeypatch.setattr(client, "GUILDS_WITHIN", 0.02)


async def test_a_note_that_is_damaged_counts_as_none(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / "notes"
    notes = FileNotes(path)
    for content in (b"\xff\xfe", b"{half", b"[1]"):
        path.write_bytes(content)
        assert await notes.read("x") == ""
    await notes.write("x", "y")
    await notes.write("z", "w")
    assert (await notes.read("x"), await FileNotes(path).read("z")) == ("y", "w")
    await FileNotes(tmp_path / "no" / "where").write("x", "y")
    assert "cannot be written" in caplog.text


async def test_commands_that_are_not_taken_are_tried_again_at_the_next_start(
    opened: Any, begin: Any, end: Any, caplog: pytest.LogCaptureFixture
) -> None:
    async with opened(run=False) as bench:
        bench.server.fail(refusing(400, 50035, "Invalid Form Body"), times=1, where="/commands")
        await begin(bench)
        assert "did not take the commands" in caplog.text
        await end(bench)
        await begin(bench)
        assert bench.server.syncs == 1


async def test_a_stop_lets_an_answer_under_way_arrive_and_takes_no_ten_seconds(opened: Any, end: Any) -> None:
    begun = asyncio.Event()

    async def slow(request: Request) -> Reply:
        begun.set()
        await asyncio.sleep(0.3)
        return Reply(text=("done",))

    async with opened(answer=slow) as bench:
        asked = bench.server.person("Ann").runs("/index defi")
        await begun.wait()
        started = time.monotonic()
        await end(bench)
        assert time.monotonic() - started < 10
        assert asked.answer.text == "done"


async def test_a_stop_while_discord_is_silent_takes_no_ten_seconds(opened: Any, end: Any) -> None:
    async with opened(run=False) as bench:
        for where in ("GET /users/@me", "/applications/"):
            bench.server.recover()
            bench.server.fail(faults.silence, where=where)
            bench.task = asyncio.get_running_loop().create_task(bench.platform.run(lambda: None))
            await bench.settled(0.2)
            started = time.monotonic()
            await end(bench)
            assert time.monotonic() - started < 10


async def test_an_answer_that_fails_is_logged_and_the_next_one_comes(
    opened: Any, caplog: pytest.LogCaptureFixture
) -> None:
    async def answer(request: Request) -> Reply:
        if request.text == "/status":
            raise RuntimeError("boom")
        return Reply(text=("fine",))

    async with opened(answer=answer) as bench:
        ann = bench.server.person("Ann")
        ann.runs("/status")
        await bench.server.answer(ann.runs("/help"))
    assert "boom" in caplog.text


async def test_a_bucket_is_never_overdrawn(opened: Any, caplog: pytest.LogCaptureFixture) -> None:
    async with opened() as bench:
        bench.server.enforcing, bench.server.window = True, 0.4
        guild = bench.server.guild()
        bench.server.joins(guild)
        began = time.monotonic()
        for number in range(7):
            await bench.platform.send(Parcel(str(number), Address(str(guild.general.id)), Reply(title="x")))
    assert len(bench.server.sent) == 7 and time.monotonic() - began >= 0.4
    assert "rate limited" not in caplog.text


async def test_addresses_and_loggers_are_given_back(opened: Any) -> None:
    before = discord.http.Route.BASE, logging.getLogger("discord").filters[:]
    async with opened() as bench:
        assert bench.server.api == discord.http.Route.BASE
    assert (discord.http.Route.BASE, logging.getLogger("discord").filters) == before


def test_what_is_no_failure_of_discords_may_have_been_sent() -> None:
    assert type(undelivered(KeyError("x"))).__name__ == "MaybeSent"

"""The service's parts: each fails alone and comes back, admins hear of what lasts, one thread holds the database."""

from __future__ import annotations

import asyncio
import datetime as dt
import logging
import sys
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import replace
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from emulators.chats import ChatService
from emulators.telegram import Telegram
from emulators.virtual import START, VirtualTime

from bot.child import ChildCrashed, ChildFailed, run_in_child
from bot.clerk import TURN, Clerk, taking_turns
from bot.command import Request
from bot.desk import Desk
from bot.jobs import TOLD_AFTER, Jobs
from bot.lock import only_instance
from bot.notes import AgendaNotes
from bot.outbox import Sender
from bot.platforms.port import LockedOut
from bot.platforms.table import PLATFORMS
from bot.reply import Reply
from bot.scheduler import Work
from bot.service import Service, platforms_of, real_clock
from bot.settings import Settings
from bot.shelf import KEPT
from bot.supervision import LONGEST, Part, keep_alive, rest
from engine.errors import BadConfiguration, CannotWrite, CrierError
from storage.chats import Chat
from storage.database import Database, open_database
from storage.outbox import Letter, News

DAY = dt.timedelta(days=1)
ADMINS = (("telegram", "7"), ("discord", "8"))


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(database=tmp_path / "crier.db", admins=ADMINS)


@pytest.fixture
async def clerk(settings: Settings) -> AsyncIterator[Clerk]:
    async with Clerk(settings, create=True) as opened:
        yield opened


def queue(database: Database, *chats: str, push: Any = "admin") -> None:
    now = dt.datetime.now(dt.UTC)
    letter = Letter(Reply(title="week 48").to_json(), [("telegram", chat, None) for chat in chats])
    database.outbox.enqueue(News(f"n/{chats}", push, now + DAY), [letter], now)


# the clerk


async def test_a_message_is_answered_in_the_one_thread(clerk: Clerk) -> None:
    reply = await clerk.answer(Request("/help", "telegram", "1", "1"))
    assert reply.ok
    many = await asyncio.gather(*(clerk.answer(Request("/status", "telegram", str(k), "1")) for k in range(20)))
    assert all(reply.title == "Status" for reply in many)


@pytest.mark.parametrize("error", [CannotWrite("the disk is full"), ZeroDivisionError("x")])
async def test_whatever_goes_wrong_the_answer_is_a_reply(settings: Settings, error: Exception) -> None:
    def answering(desk: Desk, request: Request) -> Reply:
        raise error

    async with Clerk(settings, answering, create=True) as clerk:
        reply = await clerk.answer(Request("/help", "telegram", "1", "1"))
    assert not reply.ok
    assert ("the disk is full" in reply.text[0]) == isinstance(error, CrierError)
    after = await clerk.answer(Request("/help", "telegram", "1", "1"))
    assert "restarted" in after.text[0]


async def test_a_clerk_without_a_database_says_what_makes_one(tmp_path: Path) -> None:
    with pytest.raises(CrierError, match="crier fetch"):
        async with Clerk(Settings(database=tmp_path / "none.db")):
            pass


async def test_a_groups_words_are_counted_only_where_its_admins_wish_and_no_text_is_kept(settings: Settings) -> None:
    async with Clerk(settings, create=True) as clerk:
        wishes, silent = Chat("telegram", "-5", pulse=True), Chat("telegram", "-6")
        await clerk.do(lambda db: db.chats.put(wishes))
        await clerk.do(lambda db: db.chats.put(silent))
        for chat in ("-5", "-5", "-6"):
            await clerk.overheard("telegram", chat, "a secret about nothing")
    database = open_database(settings.database)
    try:
        today = dt.datetime.now(dt.UTC).date()
        (counted,) = database.pulse.weeks("telegram", "-5", today)
        assert counted.week == 2
        assert database.pulse.weeks("telegram", "-6", today) == []
    finally:
        database.close()
    assert b"secret" not in settings.database.read_bytes()


async def test_a_chat_comes_goes_and_moves(clerk: Clerk) -> None:
    """F17, F18: with all it chose, and all that waits for it."""
    await clerk.admitted("telegram", "-5", "group", "DeFi club", "42")
    chat = await clerk.do(lambda db: db.chats.get("telegram", "-5"))
    assert (chat.place, chat.title, chat.silenced) == ("group", "DeFi club", "")
    assert chat.added_by.startswith("admin-")
    await clerk.do(lambda db: db.chats.put(replace(chat, indices=("defi",))))
    await clerk.do(lambda db: queue(db, "-5", push="weekly"))
    await clerk.moved("telegram", "-5", "-1005")
    await clerk.moved("telegram", "-5", "-1005")  # told twice of one move
    assert (await clerk.do(lambda db: db.chats.get("telegram", "-1005"))).indices == ("defi",)
    await clerk.removed("telegram", "-1005", "kicked")
    silenced = await clerk.do(lambda db: db.chats.get("telegram", "-1005"))
    assert (silenced.silenced, silenced.indices) == ("kicked", ("defi",))
    assert [d.reason for d in await clerk.do(lambda db: db.outbox.dead())] == ["kicked"]
    await clerk.admitted("telegram", "-1005", "group", "DeFi club", "42")
    assert (await clerk.do(lambda db: db.chats.get("telegram", "-1005"))).silenced == ""


@pytest.mark.parametrize(
    "place, typing, silenced",
    [("private", "", ""), ("private", "query 1", "the bot was blocked"), ("group", "", "the bot was blocked")],
)
async def test_who_blocked_the_bot_and_writes_to_it_again_is_told_things_again(
    clerk: Clerk, place: Any, typing: str, silenced: str
) -> None:
    """Only in private: in a group anybody may write where the bot may not, and any chat may type the bot's name."""
    await clerk.do(lambda db: db.chats.put(Chat("telegram", "42", place=place, indices=("defi",))))
    await clerk.removed("telegram", "42", "the bot was blocked")
    await clerk.answer(Request("/start", "telegram", "42", "42", place=place, typing=typing))
    chat = await clerk.do(lambda db: db.chats.get("telegram", "42"))
    assert (chat.silenced, chat.indices) == (silenced, ("defi",))


async def test_only_the_settings_make_an_admin(clerk: Clerk) -> None:
    assert clerk.is_bot_admin("telegram", "7")
    assert not clerk.is_bot_admin("discord", "7")
    assert not clerk.is_bot_admin("telegram", "70")
    assert await clerk.names("a") == []


# supervision


async def test_a_part_that_fails_is_started_again_with_longer_rests_and_told_once() -> None:
    time, told, starts = VirtualTime(), [], []

    async def run() -> None:
        starts.append(time.seconds)
        if len(starts) < 8:
            raise ZeroDivisionError("again")

    async def warn(key: str, says: str, but: str) -> None:
        told.append((key, but))

    await time.run(keep_alive(Part("telegram", run, "telegram"), time.clock, warn))
    rests = [b - a for a, b in pairwise(starts)]
    assert len(starts) == 8
    assert rests == sorted(rests) and rests[0] <= 1.25
    assert told == [(f"part/telegram/{START.date()}", "telegram")]
    assert rest(40, time.clock) <= 1.25 * LONGEST


async def test_what_fails_in_a_sentence_is_logged_as_that_sentence_alone(caplog: pytest.LogCaptureFixture) -> None:
    time, errors = (
        VirtualTime(),
        [BadConfiguration("the port is taken: choose another."), ZeroDivisionError("a mistake")],
    )

    async def run() -> None:
        if errors:
            raise errors.pop(0)

    async def warn(key: str, says: str, but: str) -> None:
        raise AssertionError(says)

    await time.run(keep_alive(Part("the public page", run), time.clock, warn))
    sentence, mistake = caplog.records
    assert (sentence.getMessage(), sentence.exc_info) == (
        "the public page failed: the port is taken: choose another.",
        None,
    )
    assert mistake.exc_info is not None


async def test_a_part_is_started_again_though_nobody_can_be_told_of_it() -> None:
    time, starts = VirtualTime(), []

    async def run() -> None:
        starts.append(time.seconds)
        if len(starts) < 8:
            raise ZeroDivisionError("again")

    async def warn(key: str, says: str, but: str) -> None:
        raise ValueError("the queue holds what nobody can read")

    await time.run(keep_alive(Part("the watch", run), time.clock, warn))
    assert len(starts) == 8


async def test_a_token_that_is_refused_is_told_at_once() -> None:
    time, told = VirtualTime(), []

    async def run() -> None:
        if not told:
            raise LockedOut("401")

    async def warn(key: str, says: str, but: str) -> None:
        told.append(says)

    await time.run(keep_alive(Part("telegram", run, "telegram"), time.clock, warn))
    assert len(told) == 1


# the jobs


class Bench:
    """Jobs on a real clerk, with a child process that does what the test says."""

    def __init__(self, settings: Settings, clerk: Clerk) -> None:
        self.time = VirtualTime()
        self.ran: list[tuple[str, ...]] = []
        self.told: list[tuple[str, str]] = []
        self.ends: Exception | None = None
        self.prints = "{}"
        self.jobs = Jobs(settings, clerk, self.time.clock, self.warn, asyncio.Event(), child=self.child)

    async def warn(self, key: str, says: str, but: str) -> None:
        self.told.append((key, says))

    async def child(self, arguments: Sequence[str], progress: Callable[[str], None]) -> str:
        self.ran.append(tuple(arguments))
        if self.ends is not None:
            raise self.ends
        return self.prints


@pytest.mark.parametrize("work", [Work("week", "2026-11-23"), Work("day", "2026-11-24")], ids=lambda work: work.kind)
async def test_an_index_that_waits_is_no_failure_and_its_prices_are_fetched_before_the_next_try(
    settings: Settings, clerk: Clerk, work: Work
) -> None:
    """F22: the gate says what is missing; nothing is told to admins, and week or day is not done."""
    bench = Bench(settings, clerk)
    bench.prints = '{"waiting": [{"index": "ai", "share": 0.9, "says": "AI waits for FET."}]}'
    for _ in range(TOLD_AFTER + 1):
        await bench.jobs.perform(work)
    assert [arguments[0] for arguments in bench.ran] == ["week", *["fetch", "week"] * TOLD_AFTER]
    assert bench.told == []
    bench.prints = "{}"
    await bench.jobs.perform(work)
    assert (await clerk.do(lambda db: db.agenda.value(f"done/{work.kind}"))) == work.about


async def test_work_is_done_once_and_noted(settings: Settings, clerk: Clerk) -> None:
    """F7"""
    bench = Bench(settings, clerk)
    for _ in range(2):
        for work in await bench.jobs.due():
            await bench.jobs.perform(work)
    assert bench.ran == [("fetch", "--json", "--database", str(settings.database))]
    notes = await clerk.do(lambda db: db.agenda.all())
    assert {"done/tend", "done/fetch", "alive"} <= set(notes)


async def test_a_week_that_fails_rests_and_admins_hear_of_the_third_time(settings: Settings, clerk: Clerk) -> None:
    """F35: the last good week stays as it is, and nothing is published."""
    bench, work = Bench(settings, clerk), Work("week", "2026-11-23")
    bench.ends = ChildFailed("three indicators disagree with their reference.")
    for _ in range(TOLD_AFTER + 1):
        await bench.jobs.perform(work)
    assert [key for key, _ in bench.told] == ["week/2026-11-23/ChildFailed"]
    assert "three indicators disagree" in bench.told[0][1]
    assert (await clerk.do(lambda db: db.agenda.value("tried/week"))) == "2026-11-23 4"
    assert (await clerk.do(lambda db: db.agenda.value("done/week"))) is None


async def test_a_crash_is_told_at_once(settings: Settings, clerk: Clerk) -> None:
    """F34: the bot lives, admins hear, no part of a week stands."""
    bench = Bench(settings, clerk)
    bench.ends = ChildCrashed("the process was killed (SIGKILL).")
    await bench.jobs.perform(Work("week", "2026-11-23"))
    assert [key for key, _ in bench.told] == ["week/2026-11-23/ChildCrashed"]


OUT_OF_MEMORY = """
import datetime as dt, resource, sys
from storage.database import open_database
database = open_database(sys.argv[-1])
with database.atomic():
    for k in range(50):
        database.journal.append("live", "decision", dt.date(2026, 11, 23), {"part": k})
    resource.setrlimit(resource.RLIMIT_AS, (2**29, 2**29))
    held = bytearray(2**30)
"""


async def test_a_week_that_runs_out_of_memory_leaves_nothing_of_itself_and_the_bot_goes_on(
    settings: Settings, clerk: Clerk
) -> None:
    """F34: a real child under a limit of 512 MB, in the middle of its transaction; admins hear, chats are answered."""
    bench = Bench(settings, clerk)
    bench.jobs.child = partial(run_in_child, program=(sys.executable, "-c", OUT_OF_MEMORY))
    await bench.jobs.perform(Work("week", "2026-11-23"))
    assert [key for key, _ in bench.told] == ["week/2026-11-23/ChildCrashed"]
    assert "MemoryError" in bench.told[0][1]
    assert await clerk.do(lambda db: db.journal.count("live")) == 0
    assert await clerk.do(lambda db: db.verify("live").ok)
    assert (await clerk.answer(Request("/status", "telegram", "1", "1"))).ok
    assert (await clerk.do(lambda db: db.agenda.value("done/week"))) is None, "it is tried again"


async def test_a_missed_week_is_told_and_not_made_up_for(settings: Settings, clerk: Clerk) -> None:
    """F33"""
    bench = Bench(settings, clerk)
    await bench.jobs.perform(Work("missed", "2026-11-23"))
    assert bench.ran == []
    assert "stays undecided" in bench.told[0][1] and "30 Nov 2026" in bench.told[0][1]


async def test_tidying_forgets_what_is_old_and_measures_the_database(settings: Settings, clerk: Clerk) -> None:
    """What was settled is kept for 90 days; what waits is kept, and what a wrong clock put far off is due again."""
    bench = Bench(settings, clerk)
    settled = {str(days): bench.time.wall() - days * DAY for days in (1, 89, 91, 400)}

    def settle(db: Database) -> None:
        for chat, then in settled.items():
            letter = Letter("{}", [("telegram", chat, None)])
            db.outbox.enqueue(News(f"n/{chat}", "admin", then + DAY), [letter], then)
            for row in db.outbox.claim("telegram", "me", 1, then, DAY):
                db.outbox.acknowledge(row.id, "me", "7", then)
        ahead = bench.time.wall() + 7 * DAY
        db.outbox.enqueue(News("n/ahead", "admin", ahead), [Letter("{}", [("telegram", "ahead", None)])], ahead)

    await clerk.do(settle)
    await bench.jobs.perform(Work("tend", "2026-11-23"))
    assert KEPT == 90 * DAY
    assert await clerk.do(lambda db: db.connection.rows("SELECT chat, state FROM outbox")) == [
        ("1", "sent"), ("89", "sent"), ("ahead", "waiting"),
    ]  # fmt: skip
    assert await clerk.do(lambda db: db.connection.row("SELECT COUNT(*) FROM outbox_bodies")) == (3,)
    assert await clerk.do(lambda db: db.outbox.next_due("telegram")) == bench.time.wall()
    assert await clerk.do(lambda db: db.connection.row("SELECT COUNT(*) FROM sizes")) == (1,)


async def test_the_dead_mans_switch_is_asked_while_all_is_well(settings: Settings, clerk: Clerk) -> None:
    """F37: and not while a platform is down, which the switch then tells of."""
    asked = 0

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal asked
        await reader.readuntil(b"\r\n\r\n")
        asked += 1
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    bench = Bench(settings.model_copy(update={"ping_url": f"http://127.0.0.1:{port}/"}), clerk)
    await bench.jobs.ping()
    assert asked == 0, "the schedule has given no sign of life yet"
    await bench.jobs.due()
    for _ in range(3):
        await bench.jobs.ping()
    assert asked == 1
    bench.time.seconds += 61
    bench.jobs.well = lambda: False
    await bench.jobs.ping()
    assert asked == 1
    bench.jobs.well = lambda: True
    server.close()
    await server.wait_closed()
    await bench.jobs.ping()  # nobody there: written down, no more


async def test_a_switch_that_answers_with_garbage_was_asked_all_the_same(settings: Settings, clerk: Clerk) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"who is there?\r\n\r\n")
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        bench = Bench(settings.model_copy(update={"ping_url": f"http://127.0.0.1:{port}/"}), clerk)
        await bench.jobs.due()
        await bench.jobs.ping()


# all of it


def test_one_instance_holds_the_lock(tmp_path: Path) -> None:
    """F6"""
    path = tmp_path / "crier.db"
    with only_instance(path), pytest.raises(CrierError, match="another Crier already runs"), only_instance(path):
        pass
    with only_instance(path):
        pass
    with pytest.raises(CannotWrite, match="cannot be opened"), only_instance(tmp_path / "no" / "crier.db"):
        pass


def test_without_a_token_the_service_says_which_setting_is_missing(settings: Settings) -> None:
    with pytest.raises(BadConfiguration, match="CRIER_TELEGRAM_TOKEN"):
        platforms_of(settings, Clerk(settings), lambda chart: asyncio.sleep(0, b""))
    assert {name: kind.rates(settings).overall for name, kind in PLATFORMS.items()} == {
        name: getattr(settings, f"{name}_rate") for name in PLATFORMS
    }


async def test_every_platform_is_made_from_the_settings_and_notes_outlive_a_restart(
    settings: Settings, clerk: Clerk
) -> None:
    tokens = Settings(telegram_token="123456789:AAsecretsecretsecretsecretsecretsec", discord_token="secret")
    told = settings.model_copy(update={name: getattr(tokens, name) for name in ("telegram_token", "discord_token")})
    made = platforms_of(told, clerk, lambda chart: asyncio.sleep(0, b""))
    assert [platform.id for platform in made] == ["telegram", "discord"]
    assert "secret" not in repr(made)
    await AgendaNotes(clerk, "discord").write("commands", "a hash")
    assert await AgendaNotes(clerk, "discord").read("commands") == "a hash"
    assert await AgendaNotes(clerk, "telegram").read("commands") == ""


async def until(true: Callable[[], Any], seconds: float = 30.0) -> None:
    async with asyncio.timeout(seconds):
        while not true():
            await asyncio.sleep(0.01)


async def test_one_platform_down_holds_up_no_other_and_admins_hear_there(settings: Settings, clerk: Clerk) -> None:
    """F19, F21"""

    class Broken(ChatService):
        async def run(self, ready: Callable[[], None]) -> None:
            raise LockedOut("401 Unauthorized")

    up = ChatService("discord", latency=0.0)
    service = Service(settings, clerk, [Broken("telegram"), up], real_clock(), jobs=False)
    running = asyncio.create_task(service.run())
    await until(lambda: up.counts() == {"8": 1})
    assert not service.is_well()
    service.stop()
    await asyncio.wait_for(running, 30)


async def test_admins_are_told_past_the_queue_where_it_cannot_be_written(settings: Settings, clerk: Clerk) -> None:
    """F8"""
    up = ChatService("telegram", latency=0.0)
    service = Service(settings, clerk, [up], real_clock(), jobs=False)
    await clerk.do(lambda db: db.connection.row("PRAGMA query_only = 1"))
    await service.warn("storage/telegram", "the disk is full", "")
    assert up.counts() == {"7": 1}
    await clerk.do(lambda db: db.connection.row("PRAGMA query_only = 0"))


async def test_the_real_client_sends_through_the_service(
    settings: Settings, clerk: Clerk, caplog: pytest.LogCaptureFixture
) -> None:
    """python-telegram-bot over HTTP to the emulator: the queue goes out, and no log knows the token."""
    caplog.set_level(logging.DEBUG)
    async with Telegram() as server:
        told = settings.model_copy(
            update={"telegram_token": _secret(server.token), "telegram_api": server.address, "admins": ()}
        )
        made = platforms_of(told, clerk, lambda chart: asyncio.sleep(0, b""))
        service = Service(told, clerk, made, real_clock(), jobs=False)
        running = asyncio.create_task(service.run())
        person = server.person("Ann")
        person.private.refusal = None
        await clerk.do(lambda db: queue(db, str(person.id)))
        await server.until(lambda: server.messages(person.private))
        assert server.messages(person.private)[0].text.startswith("week 48")
        await until(lambda: service.is_well())
        service.stop()
        await asyncio.wait_for(running, 30)
        assert server.token not in caplog.text
    assert (await clerk.do(lambda db: db.outbox.queues(dt.datetime(2020, 1, 1, tzinfo=dt.UTC))))[0].sent == 1


def _secret(token: str) -> Any:
    return Settings(telegram_token=token).telegram_token


def test_senders_are_named_anew_at_every_start(settings: Settings) -> None:
    made = [Service(settings, Clerk(settings), [ChatService()], real_clock(), jobs=False) for _ in range(2)]
    owners = {sender.owner for service in made for sender in service.senders.values() if isinstance(sender, Sender)}
    assert len(owners) == 2


def test_threads_take_turns_quickly_while_the_service_runs_and_as_before_once_it_ended() -> None:
    before = sys.getswitchinterval()
    with pytest.raises(ZeroDivisionError), taking_turns():
        assert sys.getswitchinterval() == pytest.approx(TURN) and before > TURN
        raise ZeroDivisionError
    assert sys.getswitchinterval() == before

"""Delivery, killed or failed at each of its steps in turn: every call of the database, every call of the network."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import pytest
from emulators.chats import ChatService
from emulators.virtual import START, VirtualTime

from bot.outbox import IN_FLIGHT, Sender
from bot.pacing import Pace, Rates
from bot.platforms.port import ChatClosed, ChatMoved, NotSent, Parcel, SlowDown
from bot.reply import Reply
from engine.errors import StorageError
from storage.chats import Chat
from storage.connection import Connection
from storage.database import Database, open_database
from storage.outbox import Letter, News

T = TypeVar("T")
DAY = START.resolution * 86_400_000_000


class Killed(BaseException):
    """What a kill looks like from inside: nothing of ours catches it."""


class Steps:
    """Counts steps; at the `stop`-th it raises `error`, and for a kill at every later one too: the dead do nothing."""

    def __init__(self, stop: int = 0, error: type[BaseException] = Killed) -> None:
        self.stop, self.error, self.count = stop, error, 0

    def step(self) -> None:
        self.count += 1
        if self.count == self.stop or self.dead:
            raise self.error("the step failed")

    @property
    def dead(self) -> bool:
        return self.error is Killed and 0 < self.stop <= self.count

    @contextmanager
    def in_the_database(self) -> Iterator[None]:
        """Every statement is a step, and so are the moments before and after each commit."""
        row, stream, execute, atomic = Connection.row, Connection.stream, Connection.execute, Connection.atomic

        def counted(original: Callable[..., T]) -> Callable[..., T]:
            def call(*arguments: Any) -> T:
                self.step()
                return original(*arguments)

            return call

        @contextmanager
        def counted_atomic(connection: Connection) -> Iterator[None]:
            with atomic(connection):
                yield
                self.step()
            if self.error is Killed:  # what is committed is never reported as failed
                self.step()

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(Connection, "row", counted(row))
            patch.setattr(Connection, "stream", counted(stream))
            patch.setattr(Connection, "execute", counted(execute))
            patch.setattr(Connection, "atomic", counted_atomic)
            yield


class Trouble(ChatService):
    """A service with a chat of each kind: 1 blocked us, 2 became 102, 3 has no connection at first, 4 is in slow mode.

    It outlives the bot's death and is the independent checker of what arrived; `steps` are its requests and answers.
    """

    steps = Steps()
    times: Counter[str]

    async def send(self, parcel: Parcel) -> Any:
        self.steps.step()
        receipt = await super().send(parcel)
        self.steps.step()
        return receipt

    def take(self, parcel: Parcel) -> None:
        self.times = getattr(self, "times", Counter())
        self.times[parcel.to.chat] += 1
        match parcel.to.chat:
            case "1":
                raise ChatClosed("blocked")
            case "2":
                raise ChatMoved("became a supergroup", "102")
            case "3" if self.times["3"] == 1:
                raise NotSent("connection refused")
            case "4" if self.times["4"] == 1:
                raise SlowDown("slow mode", 5.0, everywhere=False)
        super().take(parcel)


class Bench:
    """A database that outlives its senders, and the service."""

    def __init__(self, database: Database) -> None:
        self.database, self.time = database, VirtualTime()
        self.service = Trouble(now=self.time.monotonic, sleep=self.time.sleep)

    async def do(self, work: Callable[[Database], T]) -> T:
        return work(self.database)

    async def warn(self, key: str, says: str, but: str) -> None:
        pass

    async def deliver(self, owner: str, steps: Steps | None = None) -> None:
        """Send until nothing waits any more, or the process is dead."""
        pace = Pace(Rates(28.0), self.time.monotonic)
        sender = Sender(self.service, self, pace, self.time.clock, self.warn, owner)
        raw = self.database.connection.raw.conn

        async def all_of_it() -> None:
            asyncio.get_running_loop().set_exception_handler(lambda loop, context: None)  # tasks of the dead
            task, end = asyncio.ensure_future(sender.run()), self.time.seconds + 600
            while not (steps and steps.dead):
                if not raw.execute("SELECT COUNT(*) FROM outbox WHERE state = 'waiting'").fetchone()[0]:
                    break
                assert self.time.seconds < end, f"still not delivered: {self.picture()['queue']}"
                await self.time.sleep(0.5)
            sender.stop()
            if steps and steps.dead:
                for left in (task, *sender._flights):
                    left.cancel()
            await asyncio.gather(task, *sender._flights, return_exceptions=True)

        await self.time.run(all_of_it())

    def picture(self) -> dict[str, Any]:
        """What is stored in the end, but for how often something was tried."""
        link = self.database.connection
        return {
            "queue": link.rows("SELECT chat, state, owner FROM outbox ORDER BY chat"),
            "chats": link.rows("SELECT chat, silenced FROM chats ORDER BY chat"),
            "sound": link.rows("PRAGMA integrity_check"),
        }


@pytest.fixture(scope="module")
def begin() -> Iterator[Callable[[], Bench]]:
    """A bench as it is before anything is sent; the database is one in memory, made anew each time."""
    queued, database = open_database(":memory:"), open_database(":memory:")
    chats = [str(k) for k in range(5)]
    for chat in chats:
        queued.chats.put(Chat("telegram", chat, indices=("defi",)))
    letter = Letter(Reply(title="week 48").to_json(), [("telegram", chat, None) for chat in chats])
    queued.outbox.enqueue(News("week/2026-W48", "weekly", START + 3 * DAY), [letter], START)

    def begin() -> Bench:
        queued.connection.raw.conn.backup(database.connection.raw.conn)
        return Bench(database)

    yield begin
    queued.close()
    database.close()


@contextmanager
def counted(bench: Bench, steps: Steps, where: str) -> Iterator[None]:
    if where == "database":
        with steps.in_the_database():
            yield
    else:
        bench.service.steps = steps
        yield
        bench.service.steps = Steps()


@pytest.mark.parametrize(
    "where, error", [("database", Killed), ("network", Killed), ("database", StorageError), ("network", NotSent)]
)
async def test_the_end_is_the_same_whichever_step_was_the_last_or_failed(
    begin: Callable[[], Bench], where: str, error: type[BaseException]
) -> None:
    """F3: for all n; after a restart nothing is lost, and repeated is at most what was in flight at the kill."""
    bench, steps = begin(), Steps(0, error)
    with counted(bench, steps, where):
        await bench.deliver("undisturbed")
    peace, of, told = bench.picture(), steps.count, bench.service.counts()
    assert told == dict.fromkeys(("0", "102", "3", "4"), 1)
    assert of > (100 if where == "database" else 10)
    for n in range(1, of + 1):
        bench, steps = begin(), Steps(n, error)
        with counted(bench, steps, where):
            await bench.deliver("first", steps)
        assert steps.count >= n
        await bench.deliver("second")
        assert bench.picture() == peace, f"{error.__name__} at step {n} of {of}"
        repeats = bench.service.counts() - told
        assert told - bench.service.counts() == Counter(), f"lost at step {n} of {of}"
        assert max(repeats.values(), default=0) <= 1 and repeats.total() <= IN_FLIGHT, f"step {n} of {of}"

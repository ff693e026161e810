"""How fast a broadcast goes against a service that enforces its limits (F14), and how fast it is queued.

    python benchmarks/broadcast.py                    # 10,000 chats on a clock that jumps to the next event
    python benchmarks/broadcast.py --true-speed       # the same by the real clock, some six minutes
    python benchmarks/broadcast.py --chats 2000 --groups 100

The service takes 30 messages in any second and 20 a minute and group, counts what is over, and knows nothing of our
tables. Enqueueing is measured apart: 100,000 chats in one transaction, on a file, beside as many rows put into a bare
table of two columns with a unique key, on a file of the same kind and in turn with it, so that other programs weigh on
both alike.
"""

from __future__ import annotations

import argparse
import asyncio
import datetime as dt
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from emulators.chats import ChatService
from emulators.virtual import VirtualTime

from bot.outbox import Sender
from bot.pacing import Pace
from bot.reply import Reply
from bot.service import rates_of, real_clock
from bot.settings import Settings
from engine.sources.http.limits import Clock
from storage.chats import Chat
from storage.database import Database, open_database
from storage.outbox import Letter, News

T = TypeVar("T")

MANY = 100_000
WITHIN = 0.3  # seconds to queue so many
LEAST = 0.93  # of the limit


class Inline:
    """The database on the spot, so that a clock that jumps meets no thread."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def do(self, work: Callable[[Database], T]) -> T:
        return work(self._database)


def timed(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def enqueue(folder: Path, chats: int) -> tuple[float, float]:
    """Seconds in which one text is queued for so many chats, and in which the bare table takes as many rows.

    Each is the best of seven, for other programs run too. Nothing is deleted in between: every broadcast is added to
    those before.
    """
    database, now = open_database(folder / "enqueue.db"), dt.datetime.now(dt.UTC)
    bare = sqlite3.connect(folder / "bare.db", isolation_level=None)
    bare.execute("PRAGMA journal_mode = WAL")
    bare.execute("PRAGMA synchronous = FULL")
    bare.execute("CREATE TABLE bare (chat TEXT NOT NULL, news INTEGER NOT NULL, UNIQUE (news, chat))")
    to = [("telegram", str(10**9 + k), None) for k in range(chats)]
    letter = Letter(Reply(title="week", text=("x",) * 40).to_json(), to)

    def put_bare(news: int) -> None:
        bare.execute("BEGIN IMMEDIATE")
        bare.executemany("INSERT INTO bare VALUES (?, ?)", ((chat, news) for _, chat, _ in to))
        bare.execute("COMMIT")

    ours, peers = [], []
    for k in range(7):
        news = News(f"week/{k}", "weekly", now + dt.timedelta(days=3))
        ours.append(timed(lambda news=news: database.outbox.enqueue(news, [letter], now)))  # type: ignore[misc]
        peers.append(timed(lambda k=k: put_bare(k)))  # type: ignore[misc]
    bare.close()
    database.close()
    return min(ours), min(peers)


def filled(database: Database, chats: int, groups: int, now: dt.datetime) -> frozenset[str]:
    names = [str(k) for k in range(chats)]
    grouped = frozenset(names[: min(groups, chats)])
    with database.atomic():
        for name in names:
            place = "group" if name in grouped else "private"
            database.chats.put(Chat("telegram", name, place=place, indices=("defi",)))  # type: ignore[arg-type]
        news = News("week/2026-W48", "weekly", now + dt.timedelta(days=3))
        reply = Reply(title="week 48").to_json()
        database.outbox.enqueue(news, [Letter(reply, [("telegram", name, None) for name in names])], now)
    return grouped


async def broadcast(folder: Path, chats: int, groups: int, true_speed: bool) -> ChatService:
    """Send to every chat, and return the service that counted."""
    virtual = VirtualTime()
    clock: Clock = real_clock() if true_speed else virtual.clock
    database = open_database(folder / "broadcast.db" if true_speed else ":memory:")
    grouped = filled(database, chats, groups, clock.wall())
    service = ChatService(now=clock.monotonic, sleep=clock.sleep, groups=grouped)
    pace = Pace(rates_of(Settings(), "telegram"), clock.monotonic)

    async def warn(key: str, says: str, but: str) -> None:
        print(f"for admins: {says}")

    sender = Sender(service, Inline(database), pace, clock, warn, "benchmark")

    async def all_of_it() -> None:
        running = asyncio.ensure_future(sender.run())
        while len(service.arrived) < chats:
            await clock.sleep(1.0)
        sender.stop()
        await running

    await (all_of_it() if true_speed else virtual.run(all_of_it()))
    database.close()
    return service


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--chats", type=int, default=10_000)
    parser.add_argument("--groups", type=int, default=1_000)
    parser.add_argument("--true-speed", action="store_true")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        seconds, bare = enqueue(Path(folder), MANY)
        print(f"queued {MANY:,} chats in one transaction in {seconds:.2f} s (asked for: under {WITHIN} s)")
        print(f"a bare table of two columns takes {bare:.2f} s for as many rows: {seconds / bare:.2f} times that")
        began = time.perf_counter()
        service = asyncio.run(broadcast(Path(folder), arguments.chats, arguments.groups, arguments.true_speed))
    took = service.arrived[-1][0] - service.arrived[0][0]
    rate = (len(service.arrived) - 1) / took
    repeated = len(service.arrived) - len(service.counts())
    clock = "the real clock" if arguments.true_speed else f"a clock that jumps ({time.perf_counter() - began:.0f} s)"
    print(f"sent {len(service.arrived):,} messages in {took:.0f} s by {clock}: {rate:.1f} a second")
    print(f"that is {rate / service.limit:.1%} of the limit (asked for: {LEAST:.0%}), {service.refused} x 429")
    print(f"lost {arguments.chats - len(service.counts())}, repeated {repeated}")


if __name__ == "__main__":
    main()

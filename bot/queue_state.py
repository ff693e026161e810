"""How the queue and the service fare, for /status in a few words and for `crier doctor` as findings."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from bot.finding import Finding
from bot.phrases import counted
from bot.scheduler import ALIVE
from storage.database import Database
from storage.outbox import Queue

COUNTED_OVER = dt.timedelta(days=1)
STUCK_AFTER = dt.timedelta(minutes=30)  # in which nothing was sent though something should have been
SEEN = dt.timedelta(minutes=10)  # since its last sign of life: then the service runs


def queue_lines(database: Database, now: dt.datetime) -> tuple[str, ...]:
    """`telegram: 12 wait (the oldest for 3 min), 503 sent, 2 given up, 1 perhaps sent`, a platform a line."""
    return tuple(f"{queue.platform}: {_said(queue, now)}" for queue in database.outbox.queues(now - COUNTED_OVER))


def queue_findings(database: Database, now: dt.datetime) -> Iterator[Finding]:
    """Whether the service runs, and whether each platform's queue moves."""
    seen = database.agenda.noted(ALIVE)
    if seen is None:
        yield Finding("service", True, "never ran on this database: crier run")
    else:
        runs = now - seen < SEEN
        yield Finding("service", runs, "runs" if runs else f"was last seen {_ago(now - seen)} ago: start crier run")
    stuck = stuck_queues(database, now)
    for queue in database.outbox.queues(now - COUNTED_OVER):
        yield Finding(f"queue {queue.platform}", queue.platform not in stuck, f"{_said(queue, now)} in the last day")


def stuck_queues(database: Database, now: dt.datetime) -> dict[str, dt.timedelta]:
    """{platform: for how long nothing was sent though something should have been}, of those that are stuck.

    The one rule for the doctor and /readyz. A long broadcast moves, and what waits for its hour is not late.
    """
    moved, names = now - STUCK_AFTER, [queue.platform for queue in database.outbox.queues(now)]
    since = {name: database.outbox.idle_since(name, moved) for name in names}
    return {platform: now - begun for platform, begun in since.items() if begun and now - begun > STUCK_AFTER}


def _said(queue: Queue, now: dt.datetime) -> str:
    waits = f"{queue.waiting:,} wait"
    if queue.oldest is not None:
        waits += f" (the oldest for {_ago(now - queue.oldest)})"
    parts = (
        waits,
        f"{queue.sent:,} sent",
        *([f"{queue.dead:,} given up"] if queue.dead else []),
        *([f"{queue.maybe:,} perhaps sent"] if queue.maybe else []),
    )
    return ", ".join(parts)


def _ago(age: dt.timedelta) -> str:
    """`3 minutes`, `5 hours`, `2 days`."""
    minutes = max(int(age.total_seconds() // 60), 0)
    if minutes < 120:
        return counted(minutes, "minute")
    return counted(minutes // 60, "hour") if minutes < 48 * 60 else counted(minutes // 1440, "day")

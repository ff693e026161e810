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
LATE = dt.timedelta(minutes=30)  # what has waited longer without quiet hours is stuck
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
    for queue in database.outbox.queues(now - COUNTED_OVER):
        stuck = database.outbox.due_since(queue.platform)
        late = stuck is not None and now - stuck > LATE
        yield Finding(f"queue {queue.platform}", not late, f"{_said(queue, now)} in the last day")


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

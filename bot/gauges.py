"""What the bot can be watched by: queue, sources, jobs, decisions, risk and skill, one entry a family of figures."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from importlib.metadata import PackageNotFoundError, version
from typing import Literal

from bot.shelf import DatabaseBook
from engine.method import VERSION
from engine.model import LEDGERS, PASSIVE, RiskReading, RiskStep
from engine.modes import modes
from engine.themes import themes
from storage.database import Database
from storage.outbox import Queue

DAY = dt.timedelta(days=1)
STEPS = {step: number for number, step in enumerate(RiskStep)}

Sample = tuple[Mapping[str, str], float]  # labels, value


@dataclass(frozen=True, slots=True)
class Counted:
    """What a running process counted itself: by platform and outcome its attempts to send, and how long it runs."""

    sends: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    seconds: float | None = None
    connected: Mapping[str, bool] = field(default_factory=dict)


@dataclass(frozen=True)
class View:
    """What a metric is read from."""

    database: Database
    now: dt.datetime
    counted: Counted

    def book(self) -> DatabaseBook:
        return DatabaseBook(self.database, self.now)

    @cached_property
    def queues(self) -> Sequence[Queue]:
        """How each platform's messages fared in the last day."""
        return self.database.outbox.queues(self.now - DAY)

    def age(self, instant: str | dt.datetime) -> float:
        """Seconds since an instant."""
        then = dt.datetime.fromisoformat(instant) if isinstance(instant, str) else instant
        return (self.now - then).total_seconds()


@dataclass(frozen=True, slots=True)
class Metric:
    """One family: its name after `crier_`, kind, help, and how it is read."""

    name: str
    kind: Literal["gauge", "counter"]
    help: str
    read: Callable[[View], Iterable[Sample]]


def _build(view: View) -> Iterator[Sample]:
    try:
        program = version("crier")
    except PackageNotFoundError:  # run from a folder that is not installed
        program = "unknown"
    yield {"version": program, "method": VERSION}, 1


def _queue(view: View) -> Iterator[Sample]:
    for queue in view.queues:
        yield {"platform": queue.platform, "state": "waiting"}, queue.waiting - queue.in_flight
        yield {"platform": queue.platform, "state": "in_flight"}, queue.in_flight


def _queue_age(view: View) -> Iterator[Sample]:
    for queue in view.queues:
        yield {"platform": queue.platform}, view.age(queue.oldest) if queue.oldest else 0


def _settled(view: View) -> Iterator[Sample]:
    for queue in view.queues:
        for outcome, count in (("sent", queue.sent), ("dead", queue.dead), ("maybe_sent", queue.maybe)):
            yield {"platform": queue.platform, "outcome": outcome}, count


def _sends(view: View) -> Iterator[Sample]:
    for platform, outcomes in view.counted.sends.items():
        for outcome, count in sorted(outcomes.items()):
            yield {"platform": platform, "outcome": outcome}, count


def _refused(view: View) -> Iterator[Sample]:
    for platform, outcomes in view.counted.sends.items():
        yield {"platform": platform}, outcomes.get("SlowDown", 0)


def _connected(view: View) -> Iterator[Sample]:
    for platform, is_up in view.counted.connected.items():
        yield {"platform": platform}, is_up


def _uptime(view: View) -> Iterator[Sample]:
    if view.counted.seconds is not None:
        yield {}, view.counted.seconds


def _chats(view: View) -> Iterator[Sample]:
    rows = view.database.connection.rows(
        "SELECT platform, silenced != '', COUNT(*) FROM chats GROUP BY 1, 2 ORDER BY 1, 2"
    )
    for platform, silenced, count in rows:
        yield {"platform": platform, "state": "silenced" if silenced else "active"}, count


def _source_age(view: View) -> Iterator[Sample]:
    for name, status in sorted(view.database.sources.statuses().items()):
        if status.answered:
            yield {"source": name}, view.age(status.answered)


def _source_failing(view: View) -> Iterator[Sample]:
    for name, status in sorted(view.database.sources.statuses().items()):
        yield {"source": name}, bool(status.error_at and (status.answered or "") < status.error_at)


def _requests(view: View) -> Iterator[Sample]:
    for origin, host in sorted(view.database.sources.hosts().items()):
        yield {"origin": origin, "outcome": "failed"}, host.failures
        yield {"origin": origin, "outcome": "answered"}, host.requests - host.failures


def _quarantine(view: View) -> Iterator[Sample]:
    for (source, reason), count in sorted(view.database.sources.quarantine_counts().items()):
        yield {"source": source, "reason": reason}, count


def _data_age(view: View) -> Iterator[Sample]:
    span = view.database.market.span()
    if span:
        yield {}, (view.now.date() - span[1]).days


def _noted(prefix: str) -> Callable[[View], Iterator[Sample]]:
    """Ages of what the service noted under names that begin with `prefix`."""

    def read(view: View) -> Iterator[Sample]:
        for name, (_, at) in sorted(view.database.agenda.all().items()):
            if name.startswith(prefix):
                yield {"job": name.removeprefix(prefix)}, view.age(at)

    return read


def _job_seconds(view: View) -> Iterator[Sample]:
    for name, (value, _) in sorted(view.database.agenda.all().items()):
        if name.startswith("ran/"):
            yield {"job": name.removeprefix("ran/")}, float(value)


def _job_tries(view: View) -> Iterator[Sample]:
    notes = view.database.agenda.all()
    for name, (value, _) in sorted(notes.items()):
        if name.startswith("tried/"):
            about, _, count = value.rpartition(" ")
            job = name.removeprefix("tried/")
            done, _ = notes.get(f"done/{job}", ("", None))
            yield {"job": job}, 0 if done == about else float(count)


def _decided(view: View) -> Iterator[Sample]:
    for ledger in LEDGERS:
        week = view.database.signals.newest(ledger)
        if week:
            yield {"ledger": ledger}, (view.now.date() - week).days


def _entries(view: View) -> Iterator[Sample]:
    for ledger in LEDGERS:
        yield {"ledger": ledger}, view.database.journal.count(ledger)


def _levels(view: View) -> Iterator[Sample]:
    book = view.book()
    for index in themes():
        for mode in (*modes(), PASSIVE):
            points = book.levels(index, mode)
            if points:
                yield {"index": index, "mode": mode}, points[-1].net


def _risk(read: Callable[[RiskReading], float]) -> Callable[[View], Iterator[Sample]]:
    def samples(view: View) -> Iterator[Sample]:
        book = view.book()
        for index in themes():
            for mode in modes():
                stored = book.decision(index, mode)
                if stored and stored.decision.risk:
                    yield {"index": index, "mode": mode}, read(stored.decision.risk)

    return samples


def _skill(view: View) -> Iterator[Sample]:
    for skill in view.book().skills():
        rate = skill.bullish_hits / skill.bullish_calls if skill.bullish_calls else None
        figures = {
            "log_loss": skill.log_loss,
            "log_loss_of_base_rates": skill.base_log_loss,
            "rank_ic": skill.rank_ic,
            "bullish_hit_rate": rate,
            "bullish_base_rate": skill.bullish_base,
            "weeks": skill.weeks,
        }
        for figure, value in figures.items():
            if value is not None:
                yield {"record": skill.ledger, "figure": figure}, value


def _bytes(view: View) -> Iterator[Sample]:
    pages, size = (view.database.connection.row(f"PRAGMA {name}") for name in ("page_count", "page_size"))
    if pages and size:
        yield {}, pages[0] * size[0]


# One entry a family; what it is read from stands above.
METRICS = (
    Metric("build_info", "gauge", "Always 1; which program and method this is.", _build),
    Metric("uptime_seconds", "gauge", "How long the service runs.", _uptime),
    Metric("platform_connected", "gauge", "Whether a chat platform is connected.", _connected),
    Metric("queue_messages", "gauge", "Messages that are not sent yet.", _queue),
    Metric("queue_oldest_seconds", "gauge", "Age of the oldest news that still waits, 0 for none.", _queue_age),
    Metric("queue_settled_day", "gauge", "Messages of the last 24 hours by what became of them.", _settled),
    Metric("sends_total", "counter", "Attempts to send since the start, by outcome.", _sends),
    Metric("slowdowns_total", "counter", "How often a platform asked for patience (429) since the start.", _refused),
    Metric("chats", "gauge", "Chats that are known.", _chats),
    Metric("source_answered_seconds", "gauge", "Time since a live source last answered to the end.", _source_age),
    Metric("source_failing", "gauge", "1 where the newest thing a source did was to fail.", _source_failing),
    Metric("source_requests_total", "counter", "Requests to a live source's host, ever.", _requests),
    Metric("quarantined_values", "gauge", "Values that are not believed and wait.", _quarantine),
    Metric("data_age_days", "gauge", "Age of the newest candle.", _data_age),
    Metric("job_done_seconds", "gauge", "Time since a job last succeeded.", _noted("done/")),
    Metric("job_run_seconds", "gauge", "How long a job last took.", _job_seconds),
    Metric("job_failed_tries", "gauge", "Tries of a job since it last succeeded.", _job_tries),
    Metric("signals_age_days", "gauge", "Age of the newest week of signals.", _decided),
    Metric("journal_entries", "gauge", "Entries of a journal.", _entries),
    Metric("index_level", "gauge", "Level after costs, 1000 at its start; passive is just holding.", _levels),
    Metric("risk_step", "gauge", "The ladder: 0 normal, 1 raised, 2 high, 3 extreme.", _risk(lambda r: STEPS[r.step])),
    Metric("risk_score", "gauge", "The ladder's score, 0 to 100.", _risk(lambda r: r.score)),
    Metric("skill", "gauge", "How past calls fared, backtest and live apart.", _skill),
    Metric("database_bytes", "gauge", "Size of the database.", _bytes),
)

"""/status: what this installation knows, when it decides next, and what it refused."""

from __future__ import annotations

import datetime as dt

from bot.book import Book, Status, next_comes
from bot.command import Arguments, Command, Request
from bot.phrases import counted, day, instant, listed, short_head
from bot.reply import Column, Reply, Table
from bot.screen import loud


def run(request: Request, book: Book, arguments: Arguments) -> Reply:
    status = book.status()
    return Reply(
        title=loud("Status", status),
        table=Table((Column("What"), Column("State")), tuple(_rows(status, book.zone))),
        after=(*status.caveats, *_left_out(status), *([next_comes(status)] if status.awaits_data else [])),
        note=(short_head(status.head),) if status.head else (),
    )


def _rows(status: Status, zone: dt.tzinfo) -> list[tuple[str, str]]:
    span = "none yet"
    if status.first_date and status.last_date:
        span = f"{day(status.first_date)} to {day(status.last_date)}"
    return [
        ("Market", "SIMULATED, invented throughout" if status.simulated else "real"),
        ("History", span),
        ("Tokens", f"{status.tokens:,}"),
        ("Candles", f"{status.candles:,}"),
        ("Record", _record(status)),
        ("Last decision", status.last_week or "none yet"),
        ("Next decision", "waits for data" if status.awaits_data else instant(status.next_decision, zone)),
        ("Journal", counted(status.entries, "entry", "entries")),
        ("Refused rows", f"{status.refused_rows:,}"),
        ("In quarantine", counted(status.quarantined, "value", "values")),
        *(("Messages", queue) for queue in status.queues),
        *(("Source", source) for source in status.sources),
    ]


def _record(status: Status) -> str:
    if status.ledger == "live" and status.live_start:
        return f"live since {day(status.live_start)}"
    return "backtest only, no live decision yet"


def _left_out(status: Status) -> tuple[str, ...]:
    if not status.dropped_features:
        return ()
    return (f"Data points left out this week, their cross-check failed: {listed(status.dropped_features)}.",)


COMMAND = Command(
    name="status",
    help="What this bot knows, and when it decides next",
    run=run,
    example="/status",
    menu=False,
)

"""Walks the record forward: a week's signals are formed from what came before and remembered for what comes after."""

from __future__ import annotations

import datetime as dt

from engine.model import WeekSignals
from engine.record import Record
from engine.scale import SERIAL, Progress, Workers
from engine.signals import form_week
from engine.walkforward import Trainer, instants


def fill_record(
    trainer: Trainer,
    record: Record,
    until: dt.date,
    progress: Progress | None = None,
    workers: Workers = SERIAL,
) -> Record:
    """Walk forward from where the record ends to the last Monday before `until`, adding each week's predictions."""
    start = record.last + dt.timedelta(days=1) if record.last else trainer.study.dates[0]
    weeks = list(instants(trainer.study, start, until - dt.timedelta(days=1)))
    trainer.prepare(weeks, workers, progress)
    for done, date in enumerate(weeks, 1):
        learn(trainer, record, date, explained=False)  # nobody will ask why
        if progress:
            progress("record", done, len(weeks))
    return record


def learn(trainer: Trainer, record: Record, date: dt.date, explained: bool = True) -> WeekSignals:
    """Form one week's signals and add them to the record."""
    week, line = form_week(trainer.study.panel, record, date, trainer, explained)
    if line is not None:
        record.append(line)
    return week

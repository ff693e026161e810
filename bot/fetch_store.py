"""Stores what a source brings: judged, with cursors, quarantine and validators, in one transaction a batch."""

from __future__ import annotations

import datetime as dt
import logging
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from engine.aliases import aliases_for
from engine.model import Candle, Snapshot
from engine.sources.distrust import line_of, sift
from engine.sources.http.doors import Tally
from engine.sources.port import (
    CANDLES,
    HEADLINES,
    SNAPSHOTS,
    Batch,
    Reject,
    Row,
    Series,
    Source,
    Want,
    row_date,
    series_of,
)
from storage.connection import Written
from storage.database import Database
from storage.sources import Cursor, HostStatus, Quarantined, SourceStatus

TAIL = 60  # good rows of a series by which new ones are judged
RETRY = dt.timedelta(days=7)  # for which a day that was not believed is asked for again
MOST_REJECTS = 500  # of one batch that are kept
log = logging.getLogger(__name__)


@dataclass(slots=True)
class Brought:
    """What became of one source's rows in one fetch."""

    written: Written = field(default_factory=Written)
    quarantined: Counter[str] = field(default_factory=Counter)
    answered: set[Series] = field(default_factory=set)
    notes: dict[str, None] = field(default_factory=dict)


class Keeper:
    """Puts batches into the database; knows the cursors as they are now, and the days that hold one back."""

    def __init__(self, database: Database, hosts: Mapping[str, HostStatus]) -> None:
        self._db = database
        self._hosts = hosts  # as they were before this fetch, whose tallies start at nothing
        self.cursors = database.sources.cursors()
        self._held: dict[Series, dt.date] = {}
        self._doubted: set[Series] = set()

    def store(
        self, source: Source, want: Want, batch: Batch, seen: dt.datetime, tallies: Mapping[str, Tally], into: Brought
    ) -> None:
        """Judge and store one batch, all of it or nothing, and count it in `into`."""
        with self._db.atomic():
            rows = self._translated(source, batch, seen)
            symbols = {token.id: token.symbol for token in self._db.market.tokens()}
            asked = [row for row in rows if _is_asked(row, symbols, want)]
            sifted = sift(asked, self._past(symbols), symbols, want.instant.date().isoformat(), batch.confirmed)
            rejects = (*batch.rejects, *sifted.rejected)
            followed = {key: _day(cursor.followed) for key, cursor in self.cursors.items()}
            written = self._db.live.put(sifted.accepted, seen, followed, source.daily)
            judged = _Judged.of(sifted.accepted, rejects, batch, symbols)
            self._quarantine(source, judged, seen)
            moved = self._moved(source, judged, seen)
            self._db.sources.put_cursors(moved)
            self._db.sources.put_validators(((v.url, v.etag, v.modified) for v in batch.validators), seen)
            self.store_hosts(tallies)
        self.cursors |= {(cursor.kind, cursor.subject): cursor for cursor in moved}
        into.written += written
        into.quarantined.update(reject.reason for reject in rejects)
        into.answered |= batch.answered
        into.notes |= dict.fromkeys(batch.notes)
        if written.over:
            into.notes[f"more than {source.daily} texts of one outlet and day, which is all that is kept"] = None

    def store_hosts(self, tallies: Mapping[str, Tally]) -> None:
        """Add what became of this fetch's requests to what was counted before."""
        self._db.sources.put_hosts(
            _host(origin, tally, self._hosts.get(origin)) for origin, tally in tallies.items() if tally.requests
        )

    def store_status(self, source: Source, asked: dt.datetime, error: str, notes: Iterable[str]) -> None:
        """Remember how a source fared: answered to the end, or its error."""
        old = self._db.sources.statuses().get(source.id)
        status = SourceStatus(source.id, _text(asked), old.answered if old else None, "", None, "; ".join(notes))
        if error:
            status = status._replace(error=error, error_at=_text(asked))
        else:
            status = status._replace(
                answered=_text(asked), error=old.error if old else "", error_at=old.error_at if old else None
            )
        with self._db.atomic():
            self._db.sources.put_status(status)

    def _translated(self, source: Source, batch: Batch, seen: dt.datetime) -> list[Row]:
        """The batch's rows under the database's token ids; its tokens, and what it says of them, are put first."""
        if batch.tokens:
            self._db.market.put_tokens(batch.tokens)
            self._db.market.put_aliases(aliases_for(self._db.market.tokens()))
        self._db.universe.put_ids(source.id, batch.ids)
        self._db.universe.propose(source.id, batch.proposals, seen.date())
        if not batch.tokens:
            return list(batch.rows)
        ids = self._db.market.token_ids()
        ours = {token.id: ids[token.symbol] for token in batch.tokens}
        return [
            row._replace(token=ours.get(row.token, row.token)) if isinstance(row, (Candle, Snapshot)) else row
            for row in batch.rows
        ]

    def _past(self, symbols: Mapping[int, str]) -> _Past:
        return _Past(self._db, {symbol: token for token, symbol in symbols.items()})

    def _quarantine(self, source: Source, judged: _Judged, seen: dt.datetime) -> None:
        kept = judged.rejects[:MOST_REJECTS]
        for reject in kept:
            log.info("%s: %s %s of %s: %s", source.id, *reject.series, reject.date, reject.reason)
        for reason, count in Counter(reject.reason for reject in judged.rejects).items():
            log.warning("%s: %d values not believed: %s", source.id, count, reason)
        self._db.sources.quarantine(
            Quarantined(*reject.series, reject.date, source.id, reject.reason, reject.excerpt, _text(seen))
            for reject in kept
        )
        self._db.sources.settle(sorted(day for day in judged.days if day[0] != HEADLINES), seen)
        self._db.sources.settle_before((day for day in sorted(judged.days) if day[0] in source.passing), seen)

    def _moved(self, source: Source, judged: _Judged, seen: dt.datetime) -> list[Cursor]:
        """The cursors after this batch: at the last believed day, but before a recent one that was not believed."""
        for reject in judged.rejects:
            self._hold(reject, judged.days, seen.date())
        self._doubted |= {reject.series for reject in judged.rejects}
        self._doubted |= {Series(SNAPSHOTS) for reject in judged.rejects if reject.series.kind == SNAPSHOTS}
        moved = []
        for series in sorted({*judged.newest, *judged.answered}):
            old = self.cursors.get(series)
            until = self._until(series, judged.newest.get(series), old)
            checked = old.checked if old else None
            if series in judged.answered and (
                until or series not in self._doubted
            ):  # where all was a lie, ask again soon
                checked = _text(seen)
            moved.append(Cursor(*series, until, source.id, old.followed if old else _text(seen), checked))
        return moved

    def _hold(self, reject: Reject, days: set[tuple[str, str, str]], today: dt.date) -> None:
        """Let a series wait before a recent day that was not believed, so that it is asked for again."""
        if not reject.date or (*reject.series, reject.date) in days or reject.series.kind == HEADLINES:
            return  # the last days of texts are asked for again in any case
        day = _day(reject.date)
        if today - RETRY <= day <= today:
            self._held[reject.series] = min(day, self._held.get(reject.series, day))

    def _until(self, series: Series, newest: str | None, old: Cursor | None) -> str | None:
        held = self._held.get(series)
        if newest and held and newest >= held.isoformat():
            newest = (held - dt.timedelta(days=1)).isoformat()
        return max(filter(None, (old.until if old else None, newest)), default=None)


@dataclass(frozen=True, slots=True)
class _Judged:
    """A batch after judgement: days by line that were believed, the newest of each series, what was not believed."""

    days: set[tuple[str, str, str]]
    newest: Mapping[Series, str]
    rejects: Sequence[Reject]
    answered: frozenset[Series]

    @staticmethod
    def of(accepted: Sequence[Row], rejects: Sequence[Reject], batch: Batch, symbols: Mapping[int, str]) -> _Judged:
        newest: dict[Series, str] = {}
        for row in accepted:
            series = series_of(row, symbols)
            newest[series] = max(newest.get(series, ""), row_date(row))
        days = {(*line, row_date(row)) for row in accepted if (line := line_of(row, symbols))}
        return _Judged(days, newest, rejects, batch.answered)


@dataclass(frozen=True, slots=True)
class _Past:
    """The last good rows of a line, from the database."""

    database: Database
    ids: Mapping[str, int]

    def __call__(self, line: Series) -> Sequence[Row]:
        live = self.database.live
        if line.kind == CANDLES:
            return live.tail_of_candles(self.ids[line.subject], TAIL)
        if line.kind == SNAPSHOTS:
            return live.tail_of_snapshots(self.ids[line.subject], TAIL)
        return live.tail_of_measures(*line, TAIL)


def _is_asked(row: Row, symbols: Mapping[int, str], want: Want) -> bool:
    """Whether a row is of a series and day that was asked for; services often send more."""
    if isinstance(row, (Candle, Snapshot)) and row.token not in symbols:
        return True  # to be judged: it is of nobody we know
    if row_date(row) > want.instant.date().isoformat():
        return True  # to be judged: it has not been yet
    since = want.since.get(series_of(row, symbols))
    return since is not None and since.isoformat() <= row_date(row) <= want.until.isoformat()


def _host(origin: str, tally: Tally, before: HostStatus | None) -> HostStatus:
    old = before or HostStatus(origin, 0, 0, 0, 0, None, None, "", None, None)
    return HostStatus(
        origin,
        old.requests + tally.requests,
        old.failures + tally.failures,
        old.unchanged + tally.unchanged,
        old.bytes + tally.bytes,
        tally.quota if tally.quota is not None else old.quota,
        _text(tally.last_success) if tally.last_success else old.last_success,
        tally.last_error or old.last_error,
        _text(tally.last_error_at) if tally.last_error_at else old.last_error_at,
        _text(tally.paused_until) if tally.paused_until else old.paused_until,
    )


def _day(text: str) -> dt.date:
    return dt.date.fromisoformat(text[:10])


def _text(instant: dt.datetime) -> str:
    return instant.isoformat(timespec="seconds")

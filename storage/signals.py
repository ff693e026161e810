"""Finds each week's signals in the journal, and keeps the record of predictions with what came of them."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable, Iterator

from engine.errors import AlreadyDecided, BrokenJournal
from engine.model import Call, Ledger, Odds, Prediction, WeekSignals
from storage.chain import Entry
from storage.codec import Codec
from storage.connection import Connection, Table, Written
from storage.journal import COLUMNS, Journal, entry_from

SIGNALS = "signals"  # kind of journal entry
METHOD = "current"  # the record that live decisions lean on; other methods keep records of their own

_PREDICTIONS = Table(
    "predictions",
    ("method", "horizon", "date", "symbol"),
    (
        "members", "relative", "movement", "market", "market_base", "bearish", "neutral", "bullish", "base_bearish",
        "base_neutral", "base_bullish", "conviction", "outcome", "excess",
    ),
    lasting=("outcome", "excess"),
)  # fmt: skip


class SignalStore:
    """Signals by ledger and date; predictions by the method that made them."""

    def __init__(self, connection: Connection, journal: Journal) -> None:
        self._db = connection
        self._journal = journal
        self._weeks = Codec(WeekSignals)

    def add(self, ledger: Ledger, week: WeekSignals) -> Entry:
        """Journal one week's signals; AlreadyDecided where that date has its signals."""
        body = self._weeks.dump(week)
        with self._db.atomic():
            if self.at(ledger, week.date) is not None:
                raise AlreadyDecided(f"the signals of {week.date} stand in the {ledger} ledger already: nothing to do.")
            entry = self._journal.append(ledger, SIGNALS, week.date, body)
            self._db.execute("INSERT INTO signal_weeks VALUES (?, ?, ?)", (ledger, week.date.isoformat(), entry.id))
        return entry

    def newest(self, ledger: Ledger) -> dt.date | None:
        """The Monday of the newest week, without reading it."""
        row = self._db.row("SELECT MAX(date) FROM signal_weeks WHERE ledger = ?", (ledger,))
        return dt.date.fromisoformat(row[0]) if row and row[0] else None

    def dates(self, ledger: Ledger) -> frozenset[dt.date]:
        """The Mondays whose signals stand in a ledger."""
        rows = self._db.rows("SELECT date FROM signal_weeks WHERE ledger = ?", (ledger,))
        return frozenset(dt.date.fromisoformat(date) for (date,) in rows)

    def latest(self, ledger: Ledger, before: dt.date | None = None) -> WeekSignals | None:
        """The newest signals, of those dated before `before` where that is given."""
        limit = before.isoformat() if before else "9999"
        return self._read("w.ledger = ? AND w.date < ? ORDER BY w.date DESC LIMIT 1", (ledger, limit))

    def at(self, ledger: Ledger, date: dt.date) -> WeekSignals | None:
        """The signals made for one date."""
        return self._read("w.ledger = ? AND w.date = ?", (ledger, date.isoformat()))

    def put_predictions(self, predictions: Iterable[Prediction], method: str = METHOD) -> Written:
        """Keep the record of one method; the same line again may bring the outcome that has come since."""
        return self._db.put(_PREDICTIONS, (_row(method, prediction) for prediction in predictions))

    def predictions(self, method: str = METHOD) -> Iterator[Prediction]:
        """The record of one method, by date, horizon and symbol, line by line."""
        fields = ", ".join(_PREDICTIONS.key[1:] + _PREDICTIONS.values)
        sql = f"SELECT {fields} FROM predictions WHERE method = ? ORDER BY date, horizon, symbol"
        return (_prediction(*row) for row in self._db.stream(sql, (method,)))

    def convictions(
        self, symbol: str, since: dt.date, horizon: int = 7, method: str = METHOD
    ) -> list[tuple[dt.date, float, Call | None]]:
        """What one record said of a token from `since` on, by date: conviction, and the outcome once it is known."""
        sql = """SELECT date, conviction, outcome FROM predictions
            WHERE method = ? AND horizon = ? AND date >= ? AND symbol = ? ORDER BY date"""
        values = (method, horizon, since.isoformat(), symbol)
        rows = self._db.recall(("predictions",), (sql, values), lambda: self._db.rows(sql, values))
        return [
            (dt.date.fromisoformat(date), float(c), Call(outcome) if outcome else None) for date, c, outcome in rows
        ]

    def _read(self, where: str, values: tuple[str, ...]) -> WeekSignals | None:
        return self._db.recall(("signal_weeks",), (where, values), lambda: self._read_anew(where, values))

    def _read_anew(self, where: str, values: tuple[str, ...]) -> WeekSignals | None:
        columns = ", ".join(f"j.{name}" for name in COLUMNS.split(", "))
        row = self._db.row(
            f"SELECT w.ledger, w.date, {columns} FROM signal_weeks w JOIN journal j ON j.id = w.entry WHERE {where}",
            values,
        )
        if row is None:
            return None
        entry = entry_from(row[2:])
        week = self._weeks.load(entry)
        if (entry.ledger, week.date.isoformat()) != row[:2]:
            raise BrokenJournal(f"the signals of {row[1]} point at entry {entry.seq}: restore the latest backup.")
        return week


def _row(method: str, p: Prediction) -> tuple[object, ...]:
    return (
        method, p.horizon, p.date.isoformat(), p.symbol, json.dumps(p.members), p.relative, p.movement, p.market,
        p.market_base, p.odds.bearish, p.odds.neutral, p.odds.bullish, p.base.bearish, p.base.neutral, p.base.bullish,
        p.conviction, p.outcome.value if p.outcome else None, p.excess,
    )  # fmt: skip


def _prediction(
    horizon: int, date: str, symbol: str, members: str, relative: float, movement: float, market: float,
    market_base: float, bearish: float, neutral: float, bullish: float, base_bearish: float, base_neutral: float,
    base_bullish: float, conviction: float, outcome: str | None, excess: float | None,
) -> Prediction:  # fmt: skip
    return Prediction(
        date=dt.date.fromisoformat(date),
        symbol=symbol,
        horizon=horizon,
        members=tuple(json.loads(members)),
        relative=relative,
        movement=movement,
        market=market,
        market_base=market_base,
        odds=Odds(bearish, neutral, bullish),
        base=Odds(base_bearish, base_neutral, base_bullish),
        conviction=conviction,
        outcome=Call(outcome) if outcome else None,
        excess=excess,
    )

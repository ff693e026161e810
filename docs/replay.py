"""Replays a stretch of a market through the ordinary weekly and daily jobs, and reads back what was decided."""

from __future__ import annotations

import datetime as dt
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from bot.book import IndexInfo
from bot.demo import YEARS, make_demo
from bot.figures import Growth, growth
from bot.importing import import_archive
from bot.phrases import percent
from bot.reply import Reply
from bot.shelf import DatabaseBook
from bot.weekly import run_week
from engine.comparators import mixed
from engine.evaluation import mean_stablecoin_share
from engine.model import PASSIVE, Decision, Ledger, LevelPoint, Settlement, Signal
from engine.modes import DEFAULT_MODE, modes
from engine.themes import themes
from storage.database import Database, open_database

LEDGER: Ledger = "replay"
MARKET = "market.db"  # the imported archive, from which every study takes a copy
ALL = 1000  # decisions read of one track: every one there is
WEEK = dt.timedelta(weeks=1)


class StoryChanged(Exception):
    """What was decided no longer fits the words told of it: read the new decisions and write the study anew."""


@dataclass(frozen=True)
class Told:
    """One decision of an index with its settlement and what a chat read of it."""

    decision: Decision
    settlement: Settlement | None
    reply: Reply

    @property
    def date(self) -> dt.date:
        return self.decision.date

    @property
    def name(self) -> str:
        """`2023-W10`, and `2023-W10/2` for the second change after it."""
        sequence = self.decision.sequence
        return f"{self.decision.week}/{sequence}" if sequence else self.decision.week

    @property
    def score(self) -> float:
        return self.decision.risk.score if self.decision.risk else 100.0

    @property
    def step(self) -> str:
        return self.decision.risk.step.value if self.decision.risk else ""

    @property
    def before(self) -> float:
        """The stablecoin share just before the decision."""
        return sum(line.from_weight for line in self.decision.holdings if line.stable)

    @property
    def after(self) -> float:
        return self.decision.stablecoin_share

    def has(self, trigger: str) -> bool:
        return any(cause.trigger == trigger for cause in self.decision.causes)

    def weight(self, symbol: str) -> float:
        return sum(line.weight for line in self.decision.holdings if line.symbol == symbol)


@dataclass(frozen=True)
class Replay:
    """One index in the default mode, as it was decided in a database from its first Monday to its last."""

    index: str
    database: Database
    end: dt.date

    @cached_property
    def book(self) -> DatabaseBook:
        return DatabaseBook(self.database, dt.datetime.combine(self.end, dt.time(), dt.UTC), LEDGER)

    @cached_property
    def info(self) -> IndexInfo:
        return next(info for info in self.book.indices() if info.id == self.index)

    @cached_property
    def told(self) -> list[Told]:
        """Every decision, oldest first."""
        found = self.database.decisions.history(LEDGER, self.index, DEFAULT_MODE, ALL)
        return [Told(stored.decision, stored.settlement, self._reply(stored.decision)) for stored in reversed(found)]

    def _reply(self, d: Decision) -> Reply:
        announced = self.database.decisions.announcement(LEDGER, d.index, d.mode, d.week, d.sequence)
        if announced is None:
            raise StoryChanged(f"{d.index} {d.date} was decided and never announced")
        return Reply.from_json(announced.reply)

    @cached_property
    def points(self) -> Sequence[LevelPoint]:
        return self.book.levels(self.index, DEFAULT_MODE)

    @cached_property
    def level(self) -> Growth:
        return _grown(self.points)

    @cached_property
    def twin(self) -> Growth:
        """Just holding."""
        return _grown(self.book.levels(self.index, PASSIVE))

    @cached_property
    def mix(self) -> Growth:
        """Just holding with as many stablecoins as the index had on average (rule 7.4)."""
        mixes = mixed(self.twin.days, self.twin.values, mean_stablecoin_share(self.points))
        return Growth(self.twin.days, tuple(mix.value for mix in mixes))

    def first(self, what: str, is_it: Callable[[Told], bool], since: dt.date = dt.date.min) -> Told:
        """The first decision from a day on of which something is true; StoryChanged where there is none."""
        for told in self.told:
            if told.date >= since and is_it(told):
                return told
        raise StoryChanged(f"{self.index}: no decision {what} from {since} on")

    def on(self, date: dt.date) -> Told:
        """The decision of a day."""
        return self.first(f"on {date}", lambda told: told.date == date)

    def triggered(self, trigger: str, since: dt.date = dt.date.min) -> Told:
        return self.first(f"for {trigger}", lambda told: told.has(trigger), since)

    def close(self, symbol: str, date: dt.date) -> float:
        """A token's close of a day."""
        ids = self.database.market.token_ids()
        closes = self.database.market.closes(ids[symbol], 1, date + dt.timedelta(days=1))
        if not closes or closes[0][0] != date:
            raise StoryChanged(f"{symbol} has no close on {date}")
        return closes[0][1]

    def fall(self) -> tuple[dt.date, dt.date]:
        """Peak and trough of the deepest fall of just holding."""
        peak = low = high = self.twin.days[0]
        for date in self.twin.days:
            high = date if self.twin.at(date) >= self.twin.at(high) else high
            if self.twin.at(date) / self.twin.at(high) < self.twin.at(low) / self.twin.at(peak):
                peak, low = high, date
        return peak, low

    def past(self, date: dt.date) -> str:
        """How much of that fall was past at a day's close, as rule 5.6 counts it."""
        top, bottom = (self.twin.at(end) for end in self.fall())
        return percent((top - self.twin.at(date)) / (top - bottom))

    def holders(self, symbol: str) -> list[str]:
        """Every index and mode, just holding apart, that ever held a token here."""
        return [
            f"{index} ({mode})"
            for index in themes()
            for mode in modes()
            if any(
                line.symbol == symbol and line.weight > 0
                for stored in self.database.decisions.history(LEDGER, index, mode, ALL)
                for line in stored.decision.holdings
            )
        ]

    def held_by_twin(self, symbol: str, date: dt.date) -> float:
        """Just holding's weight of a token by its newest decision up to a day."""
        stored = self.database.decisions.latest(LEDGER, self.index, PASSIVE, before=date + dt.timedelta(days=1))
        return sum(line.weight for line in stored.decision.holdings if line.symbol == symbol) if stored else 0.0

    def signal(self, symbol: str, monday: dt.date) -> Signal:
        """What was said of a token in the week of a Monday."""
        week = self.database.signals.latest(LEDGER, before=monday + dt.timedelta(days=1))
        found = week.by_symbol().get(symbol) if week and week.date == monday else None
        if found is None:
            raise StoryChanged(f"nothing was said of {symbol} on {monday}")
        return found


def _grown(points: Sequence[LevelPoint]) -> Growth:
    found = growth(points)
    if found is None:
        raise StoryChanged("no day was settled")
    return found


@contextmanager
def opened(path: Path) -> Iterator[Database]:
    """A database, closed at the end."""
    database = open_database(path)
    try:
        yield database
    finally:
        database.close()


def import_market(archive: Path, work: Path) -> None:
    """Read the archive into the database that the studies copy, once for a folder."""
    if not (work / MARKET).exists():
        with opened(work / MARKET) as database:
            import_archive(database, archive)


def decide_real(work: Path, name: str, mondays: Sequence[dt.date]) -> Path:
    """Run the jobs from the first Monday to the last on a copy of the imported market; its path."""
    path = work / f"{name}.db"
    if not path.exists():
        shutil.copy(work / MARKET, path)
    with opened(path) as database:
        for monday in mondays:
            run_week(database, monday, LEDGER)
    return path


def decide_simulated(work: Path, name: str, seed: int) -> Path:
    """What `crier demo --seed` stores; the path of its database."""
    path = work / f"{name}.db"
    if not path.exists():
        with opened(path) as database:
            make_demo(database, seed, YEARS)
    return path

"""Hunts look-ahead: what a walk said at random instants must be what a run says that has never seen anything later.

At each cut a panel is built anew from observations that end there. Features, labels, heads, signals and decisions are
computed from it, byte for byte to be those of the walk. Only what had been said and held before the cut is taken over.
"""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from engine.backtest import Backtest, run_backtest
from engine.errors import NotEnoughData
from engine.learning import learn
from engine.leaves import encoded, leaves
from engine.measures import KINDS
from engine.model import Candle, Headline, Measure, Snapshot, Token, WeekSignals
from engine.panel import Observations, Panel, build_panel
from engine.record import Record, RecordedWeek
from engine.scale import SERIAL, Progress, Workers
from engine.study import build_study, mondays
from engine.track import Track
from engine.walkforward import Trainer
from engine.week import DayResult, Standing, compute_day

CUTS, SEED = 20, 7
ABSENT = "(not there)"
DAY = dt.timedelta(days=1)

Pair = tuple[str, object, object]


class Remembered:
    """Observations read once and kept, that show only what lies before the day asked; implements `Observations`.

    Tokens are always all of them: their names and themes carry no date. One without a candle yet is in no panel.
    """

    def __init__(self, source: Observations, until: dt.date) -> None:
        self._tokens = list(source.tokens())
        self._candles = list(source.candles(until))
        self._snapshots = list(source.snapshots(until))
        self._measures = list(source.measures(until, KINDS.keys()))
        self._headlines = list(source.headlines(until))
        self._simulated = source.is_simulated()

    def tokens(self) -> Sequence[Token]:
        return self._tokens

    def candles(self, before: dt.date) -> Iterable[Candle]:
        limit = before.isoformat()
        return (candle for candle in self._candles if candle.date < limit)

    def snapshots(self, before: dt.date) -> Iterable[Snapshot]:
        limit = before.isoformat()
        return (snapshot for snapshot in self._snapshots if snapshot.date < limit)

    def measures(self, before: dt.date, metrics: Collection[str]) -> Iterable[Measure]:
        limit = before.isoformat()
        return (m for m in self._measures if m.known < limit and m.metric in metrics)

    def headlines(self, before: dt.date) -> Iterable[Headline]:
        limit = before.isoformat()
        return (headline for headline in self._headlines if headline.known < limit)

    def is_simulated(self) -> bool:
        return self._simulated


@dataclass(frozen=True, slots=True)
class Difference:
    """One value that the walk and the run without a future tell differently; `what` is signals, record or an index."""

    cut: dt.date
    what: str
    token: str
    field: str
    walked: str
    cut_off: str


@dataclass(frozen=True)
class Checked:
    """What was compared at one cut: the Monday whose signals were formed anew, and how much of it there was."""

    cut: dt.date
    monday: dt.date
    tokens: int
    decisions: int
    compared: int  # bytes
    differences: tuple[Difference, ...]


@dataclass(frozen=True)
class Audit:
    """All cuts in order of time; `differences` is empty where nothing looked ahead."""

    seed: int
    cuts: tuple[Checked, ...]

    @property
    def differences(self) -> tuple[Difference, ...]:
        return tuple(difference for cut in self.cuts for difference in cut.differences)


@dataclass
class Witness:
    """Writes down where record and tracks stood at the beginning of the days that matter."""

    wanted: frozenset[dt.date]
    stood: dict[dt.date, list[Standing]] = field(default_factory=dict)
    record: Record = field(default_factory=Record)

    def __call__(self, date: dt.date, record: Record, tracks: Mapping[tuple[str, str], Track]) -> None:
        self.record = record
        if date in self.wanted:
            self.stood[date] = [Standing(t.index, t.mode, t.portfolio, t.waiting, t.last) for t in tracks.values()]


def audit(
    history: Remembered,
    indices: Sequence[str],
    modes: Sequence[str],
    start: dt.date,
    end: dt.date,
    until: dt.date,
    cuts: int = CUTS,
    seed: int = SEED,
    progress: Progress | None = None,
    workers: Workers = SERIAL,
) -> tuple[Backtest, Audit]:
    """Walk from `start` to `end` over all that is known before `until`, then cut history at random days and compare."""
    panel = build_panel(history, until)
    days = drawn_days(start, end, panel.dates[0].item() + DAY, panel.newest + DAY, cuts, seed)
    witness = Witness(frozenset(day for cut in days for day in (cut, monday_of(cut))))
    backtest = run_backtest(panel, indices, modes, start, end, progress, workers, witness=witness)
    del panel  # the cuts build their own, and need the room
    checked = []
    for done, cut in enumerate(days, 1):
        checked.append(check(history, backtest, witness, cut))
        if progress:
            progress("cuts", done, len(days))
    return backtest, Audit(seed, tuple(checked))


def drawn_days(start: dt.date, end: dt.date, first: dt.date, last: dt.date, cuts: int, seed: int) -> list[dt.date]:
    """So many different days of the walk's weeks, drawn by a seed, in order of time; all where there are fewer.

    `first` and `last` are the first and last day that can be decided. NotEnoughData where none can.
    """
    weeks = [monday for monday in mondays(start, end) if first <= monday <= last]
    days = [day for monday in weeks for day in (monday + k * DAY for k in range(7)) if day <= last]
    if not days:
        raise NotEnoughData(
            f"there is no Monday to decide between {start} and {end}: this history decides from {first} to {last}."
        )
    return sorted(random.Random(seed).sample(days, min(cuts, len(days))))


def monday_of(date: dt.date) -> dt.date:
    """The Monday of a day's week, when its signals were formed."""
    return date - date.weekday() * DAY


def check(observations: Observations, backtest: Backtest, witness: Witness, cut: dt.date) -> Checked:
    """Form the signals of the cut's week and decide at the cut, from observations that end there, and compare.

    On another day than Monday the observations end twice: on the week's Monday for its signals, and at the cut.
    """
    monday = monday_of(cut)
    panel = build_panel(observations, monday)
    signals, line = _formed(panel, witness, monday)
    walked = next(week for week in backtest.weeks if week.date == monday)
    pairs: list[Pair] = [("signals", walked, signals), ("record", _line(witness.record, monday), line)]
    spoken = len(pairs)
    pairs += _decided(backtest, witness.stood[monday], compute_day(panel, signals, witness.stood[monday]))
    if cut != monday:
        stood = witness.stood[cut]
        pairs += _decided(backtest, stood, compute_day(build_panel(observations, cut), signals, stood))
    return Checked(
        cut=cut,
        monday=monday,
        tokens=len(signals.signals),
        decisions=len(pairs) - spoken,
        compared=sum(len(encoded(ours)) for _, ours, _ in pairs),
        differences=tuple(d for what, ours, theirs in pairs for d in compare(cut, what, ours, theirs)),
    )


def _formed(panel: Panel, witness: Witness, monday: dt.date) -> tuple[WeekSignals, RecordedWeek | None]:
    """A week's signals and its line of the record, by everything fitted anew on what the panel shows."""
    record = witness.record.before(monday)
    signals = learn(Trainer(build_study(panel, extra=[monday])), record, monday)
    return signals, _line(record, monday)


def _line(record: Record, monday: dt.date) -> RecordedWeek | None:
    return next((week for week in record if week.date == monday), None)


def _decided(backtest: Backtest, standings: Sequence[Standing], made: DayResult) -> Iterator[Pair]:
    """(what, walked, cut off) of every track's settlement and decision on one day, None where there was none."""
    for standing in standings:
        key = standing.index, standing.mode
        track, name = backtest.tracks[key], f"{standing.index} {standing.mode}"
        waits = standing.open_decision
        if waits is not None and waits.date < made.date:
            settled = next((s for s in track.settlements if (s.date, s.sequence) == (waits.date, waits.sequence)), None)
            yield f"{name}, settled", settled, _of(key, made.settlements)
        decided = next((d for d in track.decisions if d.date == made.date), None)
        yield f"{name}, {made.date}", decided, _of(key, made.decisions)


def _of(key: tuple[str, str], items: Iterable[object]) -> object | None:
    return next((item for item in items if (getattr(item, "index", ""), getattr(item, "mode", "")) == key), None)


def compare(cut: dt.date, what: str, walked: object, cut_off: object) -> Iterator[Difference]:
    """Every leaf in which two values differ; nothing where their bytes are the same."""
    if encoded(walked) == encoded(cut_off):
        return
    ours, theirs = leaves(walked), leaves(cut_off)
    for leaf in sorted({*ours, *theirs}):
        a, b = ours.get(leaf, ABSENT), theirs.get(leaf, ABSENT)
        if a != b:
            yield Difference(cut, what, leaf.token, leaf.field, a, b)

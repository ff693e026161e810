"""How many messages a chat would have had: a market's past, walked through the real watch, its limits and its messages.

    python benchmarks/alerts.py --archive path/to/archive                     # 2021 to 2023
    python benchmarks/alerts.py --archive path/to/archive --high-first        # each day's high before its low
    python benchmarks/alerts.py --archive path/to/archive --without-limit     # as if a chat were told every alert
    python benchmarks/alerts.py --simulated                                   # the simulated market's last two years
    python benchmarks/alerts.py --archive path/to/archive --look              # what a look costs

Every day is looked at four times: at its open, low, high and close, each coin at its own low at the same moment, and
the second source agrees with every price, so that nothing is held back for want of it: more is cried than could be on
real prices. Volume runs evenly from the day before's into the day's. Decisions are the method's with its written rules
alone (no classifier speaks): the ladder, what is held by rule, every trigger. A chat follows each index, and one all of
them, in each mode, with the choices that a chat begins with.
"""

from __future__ import annotations

import argparse
import datetime as dt
import signal
import sys
import time
import tracemalloc
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT)]

from benchmarks.alerts_told import ALL, Message, Told, figures, is_alert, is_scheduled, show
from bot import digest
from bot.cries import read
from bot.foresight import EVE, Foresight
from bot.posting import Posting
from bot.telling import tell_week
from bot.watch import OURS, Alert
from bot.watching import look_once, tokens_to_watch
from bot.weekly_store import store
from engine.crosscheck import CrossCheck
from engine.facts import facts_of
from engine.method import stamp
from engine.model import Candle, MarketView, Odds, Signal, Token, WeekSignals, iso_week
from engine.modes import modes
from engine.panel import Panel, build_panel
from engine.provisional import ROWS
from engine.signals import grade
from engine.sources.archive import Archive
from engine.sources.simulated import SimulatedMarket
from engine.themes import themes
from engine.track import Track
from engine.week import DayResult, WeekResult
from storage.chats import Chat
from storage.database import Database, open_database
from storage.messages import instant

DAY = dt.timedelta(days=1)
BASE = Odds(1 / 3, 1 / 3, 1 / 3)
OPEN, FIRST, SECOND, CLOSE = dt.time(1, 0), dt.time(8, 0), dt.time(16, 0), dt.time(23, 55)
JOB = dt.time(0, 40)
LOOKS = 20  # that are timed


@dataclass(frozen=True)
class Seen:
    """A price that the second source agrees with."""

    symbol: str
    price: float | None
    volumes: Mapping[str, float]
    confirmed: bool = True


def walk(
    panel: Panel,
    start: dt.date,
    end: dt.date,
    high_first: bool = False,
    progress: Callable[[dt.date, Told], None] = lambda *_: None,
) -> Told:
    """Walk every day from the Monday `start` up to `end`, or to where it is interrupted, and count what each chat is
    told."""
    database = open_database(":memory:")
    try:
        names = followers(database)
        ids = fill(database, panel, start)
        tracks = {(index, mode): Track(index, mode) for index in themes() for mode in modes()}
        foresight, spoken, told = Foresight(), None, Told(names)
        with suppress(KeyboardInterrupt):
            for date in (start + k * DAY for k in range((end - start).days + 1)):
                if date.day == 1 and told.weeks:
                    count(told, database)
                    progress(date, told)
                told.weeks = tuple(weeks(start, date))
                seen = panel.until(date)
                database.market.put_candles(candles(panel, ids, date - DAY))
                if date.weekday() == 0:
                    spoken = rules_alone(seen)
                assert spoken is not None
                decide(database, tracks, seen, spoken)
                told.answered.update(became(database, date - DAY))
                for at, prices in day_of(panel, date, high_first):
                    now = dt.datetime.combine(date, at, dt.UTC)
                    note(told, date, look_once(database, tokens_to_watch(database), prices, Posting(now), foresight))
        count(told, database)
    finally:
        database.close()
    return told


def followers(database: Database) -> tuple[str, ...]:
    """A chat for each index and one for all, in each mode."""
    chats = {
        f"{name}/{mode}": Chat("telegram", f"{name}/{mode}", mode=mode, indices=indices)
        for name, indices in {**{index: (index,) for index in themes()}, ALL: tuple(themes())}.items()
        for mode in modes()
    }
    for chat in chats.values():
        database.chats.put(chat)
    return tuple(chats)


def fill(database: Database, panel: Panel, start: dt.date) -> dict[str, int]:
    """The tokens, and their candles up to two days before the start; returns the database's numbers of them."""
    database.market.put_tokens(Token(0, t.symbol, t.name, t.kind, t.themes) for t in panel.tokens)
    ids = database.market.token_ids()
    with database.atomic():
        for k in range(ROWS, 1, -1):
            if start - k * DAY >= panel.dates[0].item():
                database.market.put_candles(candles(panel, ids, start - k * DAY))
    return ids


def candles(panel: Panel, ids: Mapping[str, int], date: dt.date) -> list[Candle]:
    """The candles of a day as a database takes them."""
    row, symbols, found = panel.row(date), panel.symbols, []
    for j in np.flatnonzero(np.isfinite(panel.close[row])).tolist():
        bars = (_known(sheet[row, j]) for sheet in (panel.open, panel.high, panel.low, panel.close, panel.volume))
        open_, high, low, close, volume = bars
        assert close is not None
        token, venue, rough = ids[symbols[j]], f"venue {panel.venue[row, j]}", bool(panel.estimated[row, j])
        found.append(Candle(date.isoformat(), token, open_, high, low, close, volume, venue, rough))
    return found


def rules_alone(panel: Panel) -> WeekSignals:
    """A week of which no head says anything: the indices go by their written rules."""
    facts = facts_of(panel)
    spoken = np.flatnonzero(facts.coin & np.isfinite(facts.volatility) & np.isfinite(facts.price))
    bare = Signal("", BASE, BASE, 0.0, 0.0, grade(BASE), (), None, 0, 0, (), 0.0, 0.0, 0.0)
    signals = tuple(
        replace(bare, symbol=panel.symbols[j], volatility=float(facts.volatility[j]), close=float(facts.price[j]))
        for j in spoken.tolist()
    )
    return WeekSignals(panel.as_of, None, MarketView(0.5, 0.5, ()), signals, method=stamp())


def decide(database: Database, tracks: Mapping[tuple[str, str], Track], panel: Panel, signals: WeekSignals) -> None:
    """The week's or the day's job, as far as it is the method's and the messages'."""
    date = panel.as_of
    post = Posting(dt.datetime.combine(date, JOB, dt.UTC))
    for track in tracks.values():
        track.settlements, track.decisions, track.levels = [], [], track.levels[-1:]
        track.reach(panel, date)
        track.mark(panel, date)
        track.decide(panel, signals)
    day = DayResult(
        date,
        tuple(settlement for track in tracks.values() for settlement in track.settlements),
        tuple(decision for track in tracks.values() for decision in track.decisions),
        {key: tuple(track.levels) for key, track in tracks.items()},
    )
    is_week = date.weekday() == 0
    week = WeekResult(day, signals, (), CrossCheck((), (), ())) if is_week else None
    with database.atomic():
        store(database, "live", panel, signals, day, week, post)
        if is_week:
            tell_week(database, date, set(themes()), (), post)


def day_of(panel: Panel, date: dt.date, high_first: bool) -> Iterator[tuple[dt.time, list[Seen]]]:
    """The four looks of a day."""
    row = panel.row(date)
    open_, close = panel.open[row], panel.close[row]
    open_ = np.where(np.isfinite(open_), open_, close)
    low = np.fmin(np.fmin(panel.low[row], open_), close)
    high = np.fmax(np.fmax(panel.high[row], open_), close)
    first, second = (high, low) if high_first else (low, high)
    for at, prices in ((OPEN, open_), (FIRST, first), (SECOND, second), (CLOSE, close)):
        part = (at.hour + at.minute / 60) / 24
        volume = part * panel.volume[row] + (1 - part) * panel.volume[row - 1]
        yield (
            at,
            [
                Seen(
                    symbol,
                    _known(prices[j]) if np.isfinite(close[j]) else None,
                    {f"venue {panel.venue[row, j]}": float(volume[j])} if np.isfinite(volume[j]) else {},
                )
                for j, symbol in enumerate(panel.symbols)
            ],
        )


def became(database: Database, closed: dt.date) -> Iterator[tuple[str, str]]:
    """The kind of each cry that the close of a day answered, and what became of it."""
    for cry in read(database):
        if cry.closed == closed.isoformat():
            yield cry.kind, "decided" if cry.decided else "held" if cry.held else "over"


def note(told: Told, date: dt.date, alerts: Sequence[Alert]) -> None:
    for alert in alerts:
        if alert.kind not in OURS:
            told.cried[f"{alert.kind}{' over' if alert.over else ''}", date.year] += 1


def count(told: Told, database: Database) -> None:
    """Read from the queue what every chat was told, and from the ledger what was decided between weeks."""
    rows = database.connection.rows(
        """SELECT o.chat, n.name, n.push, n.level, n.queued FROM outbox o JOIN outbox_news n ON n.id = o.news
           ORDER BY o.news, o.chat"""
    )
    told.messages = tuple(Message(*row, instant(queued)) for *row, queued in rows)
    told.decided.clear()
    for index in themes():
        for mode in modes():
            for stored in database.decisions.history("live", index, mode, 10_000):
                for cause in stored.decision.causes if stored.decision.sequence else ():
                    told.decided[cause.trigger, stored.decision.date.year] += 1


def weeks(start: dt.date, end: dt.date) -> Iterator[str]:
    return (iso_week(start + k * DAY) for k in range(0, (end - start).days + 1, 7))


def _known(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


def measure(panel: Panel, monday: dt.date) -> None:
    """Print what a look costs two days after a Monday's decision: the first of its day, and the ones after it."""
    database = open_database(":memory:")
    ids = fill(database, panel, monday)
    tracks = {(index, mode): Track(index, mode) for index in themes() for mode in modes()}
    for date in (monday, monday + DAY, monday + 2 * DAY):
        database.market.put_candles(candles(panel, ids, date - DAY))
        decide(database, tracks, panel.until(date), rules_alone(panel.until(monday)))
    [(_, prices), *_] = day_of(panel, date, False)
    tokens, post = tokens_to_watch(database), Posting(dt.datetime.combine(date, CLOSE, dt.UTC))

    def look(foresight: Foresight) -> float:
        began = time.perf_counter()
        look_once(database, tokens, prices, post, foresight)
        return 1000 * (time.perf_counter() - began)

    look(Foresight())  # what is loaded and read once in a process is no day's
    kept = Foresight()
    first, *later = (look(kept) for _ in range(LOOKS))
    tracemalloc.start()
    kept = Foresight()
    look(kept)
    held, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    print(f"{len(tokens)} tokens; the first look of a day {first:.0f} ms, then {np.median(later):.1f} ms")
    print(f"kept between looks {held / 1e6:.1f} MB, at the peak of a first look {peak / 1e6:.1f} MB")
    print(f"left by the day's job {len(database.agenda.value(EVE) or ''):,} bytes")
    database.close()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    where = parser.add_mutually_exclusive_group(required=True)
    where.add_argument("--archive", type=Path)
    where.add_argument("--simulated", action="store_true")
    parser.add_argument("--from", dest="start", type=dt.date.fromisoformat, default=dt.date(2021, 1, 4))
    parser.add_argument("--to", dest="end", type=dt.date.fromisoformat, default=dt.date(2023, 12, 31))
    parser.add_argument("--high-first", action="store_true")
    parser.add_argument("--without-limit", action="store_true")
    parser.add_argument("--look", action="store_true")
    asked = parser.parse_args()
    if asked.simulated:
        market = SimulatedMarket()
        panel, end = build_panel(market, market.end), market.end - DAY
        start = end - dt.timedelta(days=2 * 364 + end.weekday())
    else:
        start, end = asked.start, asked.end
        panel = build_panel(Archive(asked.archive), end + DAY)
    if asked.look:
        measure(panel, end - dt.timedelta(days=end.weekday() + 7))
        return 0
    if asked.without_limit:
        digest.ALERTS_A_WEEK = digest.CRIES_A_WEEK = 1_000_000
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    began = time.monotonic()

    def progress(date: dt.date, told: Told) -> None:
        print(
            f"{date}, {time.monotonic() - began:.0f} s: {figures(told.a_week(is_alert))}", file=sys.stderr, flush=True
        )

    told = walk(panel, start, end, asked.high_first, progress)
    show(told)
    often = np.percentile(told.a_week(is_alert), 95, method="higher")
    return int(told.a_week(is_scheduled).max() > 1 or often > 2)


if __name__ == "__main__":
    sys.exit(main())

"""The demo: a simulated market goes through the ordinary weekly job, and a newcomer sees what a chat would see."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

from rich.console import Console

from bot.charts import render as render_chart
from bot.dispatch import Request, dispatch
from bot.platforms.console import render, run_chat
from bot.progress import Report as Progress, bars
from bot.services import Services, open_services
from bot.settings import Settings
from bot.weekly import Week, run_week
from engine.errors import CannotWrite
from engine.measures import KINDS
from engine.model import Ledger, iso_week
from engine.modes import DEFAULT_MODE
from engine.sources.simulated import SimulatedMarket
from engine.themes import themes
from storage.database import Database
from storage.market import SIMULATED

WEEKS = 3
YEARS = 4.0
END = dt.date(2026, 6, 30)  # a Tuesday: the last of the weeks has been filled
LEDGER: Ledger = "replay"  # nothing simulated ever enters the live record
SHOWN = "defi"
TRY = (
    ("/index defi", "what the index holds and why"),
    ("/why", "what changed this week"),
    ("/token {held}", "odds, grade, what speaks for and against"),
    ("/risk", "the ladder and its parts"),
    ("/follow defi 500", "the orders to follow it with $500"),
    ("/mode", "the three risk modes side by side"),
    ("/track", "against just holding, after costs"),
    ("/verify", "check the journal yourself"),
    ("/explain strength", "any word in plain language"),
)


def run_demo(console: Console, seed: int, years: float, folder: Path, talk: bool) -> None:
    """Make a market of `years`, decide three weeks, show the announcements and a chart, then offer the chat."""
    database = _fresh_database(folder)
    settings = Settings(database=database)
    with open_services(settings, create=True) as services:
        with bars() as progress:
            weeks = make_demo(services.database, seed, years, progress)
        _show(console, services, weeks, folder)
        if talk and console.is_terminal:
            run_chat(services.desk, console)
        else:
            _suggest(console, database, held(weeks[-1]))


def make_demo(database: Database, seed: int, years: float, progress: Progress | None = None) -> list[Week]:
    """Store a simulated market of `years` and run the weekly job on its last Mondays."""
    report = progress or (lambda step, done, total: None)
    label = f"making a SIMULATED market (seed {seed})"
    report(label, 0, 1)
    with database.atomic():
        store_observations(database, SimulatedMarket(seed=seed, end=END, years=years))
    report(label, 1, 1)
    weeks = []
    for date in mondays():
        report(f"deciding week {iso_week(date)}", 0, 1)
        weeks.append(run_week(database, date, LEDGER, progress=progress))
        report(f"deciding week {iso_week(date)}", 1, 1)
    return weeks


def mondays() -> list[dt.date]:
    """The last Mondays of the simulated market, oldest first."""
    last = END - dt.timedelta(days=END.weekday())
    return [last - dt.timedelta(weeks=k) for k in reversed(range(WEEKS))]


def _fresh_database(folder: Path) -> Path:
    """A new file in `folder`; only a demo's own earlier files are replaced."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name in ("demo.db", "demo.db-wal", "demo.db-shm"):
            (folder / name).unlink(missing_ok=True)
    except OSError as error:
        raise CannotWrite(f"cannot write to {folder}: {error.strerror}; choose another folder with --out.") from error
    return folder / "demo.db"


def store_observations(database: Database, source: SimulatedMarket) -> None:
    """Write every row of a simulated source, its token ids translated to the database's."""
    market = database.market
    market.set_provenance(SIMULATED, "yes")
    market.put_tokens(source.tokens())
    ids = market.token_ids()
    stored = {token.id: ids[token.symbol] for token in source.tokens()}
    until = source.end
    market.put_candles(c._replace(token=stored[c.token]) for c in source.candles(until))
    market.put_snapshots(s._replace(token=stored[s.token]) for s in source.snapshots(until))
    market.put_measures(source.measures(until, KINDS))
    market.put_headlines(source.headlines(until))


def _show(console: Console, services: Services, weeks: list[Week], folder: Path) -> None:
    """Three weeks of one index, the others' latest, and a chart."""
    for number, week in enumerate(weeks, 1):
        console.rule(f"Week {number} of {WEEKS}, as a chat sees it", align="left")
        _print(console, week, {SHOWN})
    console.rule("The other indices, latest week", align="left")
    _print(console, weeks[-1], set(themes()) - {SHOWN})
    asked = Request(text=f"/track {SHOWN}", platform="console", chat="demo", user="demo", mode=DEFAULT_MODE)
    chart = dispatch(services.desk, asked).chart
    if chart is not None:
        path = folder / f"{SHOWN}.png"
        path.write_bytes(render_chart(chart))
        console.print(f"Chart: {path}", highlight=False)


def _print(console: Console, week: Week, indices: set[str]) -> None:
    for announced in week.announcements:
        if announced.mode == DEFAULT_MODE and announced.index in indices:
            render(announced.reply, console)


def held(week: Week) -> str:
    """The largest holding of the shown index, to ask about."""
    decision = [d for d in week.decisions if (d.index, d.mode) == (SHOWN, DEFAULT_MODE)][-1]
    risky = [line for line in decision.holdings if not line.stable]
    return max(risky, key=lambda line: line.weight).symbol.lower() if risky else "btc"


def _suggest(console: Console, database: Path, symbol: str) -> None:
    """What to type next, short enough for a narrow terminal."""
    console.print("\nThings to try:", highlight=False)
    console.print(f"  export CRIER_DATABASE={database}", markup=False, highlight=False)
    for command, what in TRY:
        line = f'crier ask "{command.format(held=symbol)}"'
        console.print(f"  {line:32} {what}", markup=False, highlight=False)
    console.print(f"  {'crier chat':32} all of it, in a chat", markup=False, highlight=False)

"""/track: how an index did beside just holding, and whether past calls were worth anything; losses in the same size."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence

from bot.book import Book, Skill, first_comes
from bot.command import Arguments, Command, Param, Request
from bot.drawings import levels_chart, scoreboard_chart
from bot.figures import Growth, weeks_ahead
from bot.phrases import counted, day, dollars, percent, signed, signed_percent, unzero
from bot.reply import Button, Column, Reply, Table
from bot.screen import STAKE, View, fall, fine_print, labelled, level_line, loud, view
from bot.spoken import FEW_CALLS
from engine.comparators import mixed
from engine.evaluation import mean_stablecoin_share
from engine.model import LevelPoint
from engine.modes import DEFAULT_MODE
from engine.skill import NO_SKILL

SURE_T = 2.0  # a t-statistic below it cannot be told from chance
FEW_WEEKS = 26  # under so many weeks no figure of skill says anything


def run(request: Request, book: Book, arguments: Arguments) -> Reply:
    other = arguments.other_mode(request)
    if arguments.index is None:
        return _overview(book, arguments.mode, other)
    shown = view(book, arguments.index, arguments.mode)
    return Reply(
        title=loud(f"Track record: {shown.info.title} ({labelled(shown.mode, shown.status)})", shown.status),
        text=(level_line(shown), *_ahead(shown)),
        table=_table(shown.index, shown.holding) if shown.index else None,
        after=(
            *_mix_line(shown, book.levels(shown.info.id, shown.mode)),
            *skill_lines(book.skills(), shown.mode),
            *shown.status.caveats,
        ),
        note=("A year of weeks proves little: telling 54 % from 50 % takes about 960 calls.", fine_print(shown)[0]),
        chart=levels_chart(book, shown.info, shown.mode),
        buttons=(
            Button("Index", f"/index {shown.info.id}{other}"),
            Button("History", f"/history {shown.info.id}{other}"),
        ),
    )


def _ahead(shown: View) -> list[str]:
    """`Ahead of holding in 31 of 52 weeks.`"""
    if shown.index is None or shown.holding is None:
        return []
    ahead, weeks = weeks_ahead(shown.index, shown.holding)
    return [f"Ahead of holding in {ahead} of {counted(weeks, 'week')}."] if weeks else []


def _table(index: Growth, holding: Growth | None) -> Table:
    last = index.days[-1]
    rows = (
        ("This week", *(signed_percent(g.week(last)) if g else "" for g in (index, holding))),
        (f"Since {day(index.start, near=last)}", *(signed_percent(g.now - 1) if g else "" for g in (index, holding))),
        ("Worst fall", *(fall(g) if g else "" for g in (index, holding))),
        (dollars(STAKE) + " became", *(dollars(STAKE * g.now) if g else "" for g in (index, holding))),
    )
    return Table((Column(""), Column("Index", "right"), Column("Just holding", "right")), rows)


def _mix_line(shown: View, points: Sequence[LevelPoint]) -> tuple[str, ...]:
    """What the signals add to sitting in cash shows beside just holding with the same average stablecoins."""
    index, holding = shown.index, shown.holding
    if index is None or holding is None:
        return ()
    share = mean_stablecoin_share([p for p in points if index.start <= p.date <= index.days[-1]])
    if round(100 * share) == 0:
        return ()
    mix = mixed(holding.days, holding.values, share)
    fallen = fall(Growth(holding.days, tuple(m.value for m in mix)))
    said = f"{dollars(STAKE)} became {dollars(STAKE * mix[-1].value)}, worst fall {fallen}"
    return (f"A mix of just holding with the same average stablecoins ({percent(share)}): {said}.",)


def skill_lines(skills: Sequence[Skill], mode: str) -> tuple[str, ...]:
    """Whether past calls were any good, plainly, over all tokens and each record under its own label.

    The record counts the calls of the default mode, which is said where another one is asked for.
    """
    if not skills:
        return ("No past call has come due yet, so nothing is known of their skill.",)
    which = "" if mode == DEFAULT_MODE else f" (called as in {DEFAULT_MODE} mode)"
    return tuple(line for skill in skills for line in _judged(skill, which))


def _judged(skill: Skill, which: str) -> tuple[str, ...]:
    name = skill.ledger.capitalize()
    if skill.weeks < FEW_WEEKS:
        made = f"{counted(skill.bullish_calls, 'bullish call')} in {counted(skill.weeks, 'week')}"
        return (f"{name}: {made} so far{which}, too few to judge.",)
    return (_hits(skill, name, which), f"{name}: {_verdict(skill)}")


def _hits(skill: Skill, name: str, which: str) -> str:
    if skill.bullish_calls < FEW_CALLS:
        return f"{name}: {counted(skill.bullish_calls, 'bullish call')} so far{which}, too few to judge."
    rate = percent(skill.bullish_hits / skill.bullish_calls)
    sure = f"interval {skill.low * 100:.0f} to {skill.high * 100:.0f} %, base {percent(skill.bullish_base)}"
    return f"{name} hit rate: {rate} of {skill.bullish_calls:,} bullish calls ({sure}), all tokens{which}."


def _verdict(skill: Skill) -> str:
    loss = f"log loss {unzero(skill.log_loss, 3)} against {unzero(skill.base_log_loss, 3)}"
    rank = f"rank correlation {signed(skill.rank_ic, 3)}, t {unzero(skill.rank_ic_t, 1)}"
    orders = skill.rank_ic > 0 and skill.rank_ic_t >= SURE_T
    if skill.base_log_loss - skill.log_loss >= NO_SKILL:
        said = "the odds were better than the base rates" if orders else "the odds were hardly better than chance"
    elif orders:
        said = "the odds themselves showed no skill, they were no better than the base rates; their order was of use"
    else:
        said = "no skill, past odds were no better than the base rates, and their order no better than chance"
    return f"{said} ({loss}; {rank}; {counted(skill.weeks, 'week')})."


def _overview(book: Book, mode: str, other: str) -> Reply:
    shown = [view(book, info, mode) for info in book.indices() if book.decision(info.id, mode)]
    status = book.status()
    starts = {v.index.start for v in shown if v.index}
    return Reply(
        title=loud(f"Track record ({labelled(mode, status)})", status),
        text=_since(shown, starts),
        table=_all_of(shown, len(starts) > 1) if starts else None,
        after=(*skill_lines(book.skills(), mode), *status.caveats),
        note=(first_comes(book),),
        chart=scoreboard_chart(book, shown, mode),
        buttons=tuple(Button(v.info.title, f"/track {v.info.id}{other}") for v in shown),
    )


def _since(shown: Sequence[View], starts: Collection[dt.date]) -> tuple[str, ...]:
    """The day from which all count, where it is one; before the first close that it is still to come."""
    if len(starts) == 1:
        return (f"What {dollars(STAKE)} became since {day(min(starts))}:",)
    return (level_line(shown[0]),) if shown and not starts else ()


def _all_of(shown: Sequence[View], dated: bool) -> Table:
    """A row an index, with the day of its start only where these differ: so a phone has room for the columns."""
    since = (Column("Since"),) if dated else ()
    columns = (Column("Index"), *since, Column("$1,000 is", "right"), Column("Just holding", "right"))
    return Table(columns, tuple(_line(v, dated) for v in shown))


def _line(shown: View, dated: bool) -> tuple[str, ...]:
    start, *worth = ("", "not yet", "")
    if shown.index is not None:
        start = day(shown.index.start)
        worth = [dollars(STAKE * growth.now) if growth else "" for growth in (shown.index, shown.holding)]
    return shown.info.title, *((start,) if dated else ()), *worth


COMMAND = Command(
    name="track",
    help="How an index did beside just holding, and how past calls fared",
    run=run,
    example="/track defi",
    params=(Param("index", "an index, or all", "scope"), Param("mode", "a risk mode", "mode")),
)

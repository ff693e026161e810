"""What befalls the service in a quarter: every week one of the faults, by chance of a seed, with people in between."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from random import Random

from emulators.quarter_market import Outage, Shock

DAY = dt.timedelta(days=1)
NEVER = dt.datetime(9999, 1, 1, tzinfo=dt.UTC)
MEMBERS = {  # small members of a theme, which its index cannot do without and Large caps hardly misses
    "rwa": ("CRDTN", "ESTTR", "INVCA", "BNDSM", "RNTRI", "CMMVL", "FRGHT"),
    "meme": ("WOOFX", "MEOWL", "FRGRY", "HMSTL", "PNGWG", "TOADZ", "LLMRM"),
    "ai": ("NRLX", "INFRN", "TNSRI", "AGTQ", "CGNTA", "MDLRY", "SYNPT"),
}


@dataclass(frozen=True, slots=True)
class Event:
    """What is done at an instant: a method of the quarter, with what it is told."""

    at: dt.datetime
    what: str
    arguments: tuple[object, ...] = ()


@dataclass
class Plan:
    """All of it; `fates` say what befell each Monday, `skipped` are those of which no index can be decided."""

    events: list[Event] = field(default_factory=list)
    shocks: list[Shock] = field(default_factory=list)
    outages: list[Outage] = field(default_factory=list)
    blind: list[tuple[dt.datetime, dt.datetime]] = field(default_factory=list)
    fates: dict[dt.date, str] = field(default_factory=dict)
    skipped: set[dt.date] = field(default_factory=set)
    end: dt.datetime = NEVER

    def add(self, at: dt.datetime, what: str, *arguments: object) -> None:
        self.events.append(Event(at, what, arguments))


@dataclass
class Fate:
    """One Monday being planned."""

    plan: Plan
    monday: dt.datetime
    chance: Random

    def hours(self, least: float, most: float) -> dt.datetime:
        """Some instant so many hours after 00:00 of the Monday, to the second."""
        return self.monday + dt.timedelta(seconds=round(self.chance.uniform(least, most) * 3600))


def _calm(fate: Fate) -> None:
    """Nothing but bad luck."""


def _starts_late(fate: Fate) -> None:
    fate.plan.add(fate.hours(-3, 0.3), "stop")
    fate.plan.add(fate.hours(3, 9), "start")


def _sleeps_through_monday(fate: Fate) -> None:
    fate.plan.add(fate.hours(-5, 0), "kill")
    fate.plan.add(fate.hours(24.5, 34), "start")
    fate.plan.skipped.add(fate.monday.date())


def _sources_are_down(fate: Fate) -> None:
    fate.plan.outages.append(Outage(fate.hours(-1, 0), fate.hours(1.5, 3)))


def _index_waits(fate: Fate) -> None:
    """One index waits for its prices; a group moves between the first announcement and the second."""
    fate.plan.outages.append(Outage(fate.hours(-1, 0), fate.hours(2.6, 3.2), frozenset(MEMBERS["rwa"])))
    fate.plan.add(fate.hours(1, 2.5), "person", "moves", "telegram")


def _index_given_up(fate: Fate) -> None:
    fate.plan.outages.append(Outage(fate.hours(-1, 0), fate.hours(14, 20), frozenset(MEMBERS["meme"])))


def _falls_asleep_waiting(fate: Fate) -> None:
    """One index waits when it is killed, and Monday is over when it is started again."""
    fate.plan.outages.append(Outage(fate.hours(-1, 0), fate.hours(26, 30), frozenset(MEMBERS["ai"])))
    fate.plan.add(fate.hours(1.5, 4), "kill")
    fate.plan.add(fate.hours(24.6, 31), "start")


def _telegram_down(fate: Fate) -> None:
    fate.plan.add(fate.hours(-1, 0.4), "down", "telegram")
    fate.plan.add(fate.hours(2, 6), "up", "telegram")


def _discord_down(fate: Fate) -> None:
    days = fate.chance.random() < 0.2
    fate.plan.add(fate.hours(-2, 0.4), "down", "discord")
    fate.plan.add(fate.hours(25, 45) if days else fate.hours(5, 8), "up", "discord")


def _killed_in_the_broadcast(fate: Fate) -> None:
    for _ in range(2):
        fate.plan.add(fate.hours(0.3, 0.45), "kill_in", fate.chance.randint(2, 14))
    fate.plan.add(fate.hours(0.6, 0.8), "kill_in", fate.chance.randint(1, 6))


def _killed_at_the_job(fate: Fate) -> None:
    fate.plan.add(fate.hours(-1, 0.3), "kill_at_job", "week", "before")
    fate.plan.add(fate.hours(0.5, 0.505), "kill_at_job", "week", "after")


def _clock_ahead(fate: Fate) -> None:
    fate.plan.add(fate.hours(-1.2, -0.1), "jump", 60)
    fate.plan.add(fate.hours(0.55, 3), "jump", 0)


def _clock_behind(fate: Fate) -> None:
    fate.plan.add(fate.hours(0.5, 0.52), "jump", -60)
    fate.plan.add(fate.hours(1.6, 5), "jump", 0)


def _storm(fate: Fate) -> None:
    fate.plan.add(fate.hours(0.2, 0.4), "storm", "telegram", 900.0)
    fate.plan.add(fate.hours(0.2, 0.4), "storm", "discord", 800.0)


def _token_refused(fate: Fate) -> None:
    platform = fate.chance.choice(("telegram", "discord"))
    fate.plan.add(fate.hours(-0.5, 0.4), "down", platform, "revoked")
    fate.plan.add(fate.hours(1, 1.6), "up", platform)


FATES: tuple[Callable[[Fate], None], ...] = (
    _starts_late, _sleeps_through_monday, _sources_are_down, _index_waits, _index_given_up, _falls_asleep_waiting,
    _telegram_down, _discord_down, _killed_in_the_broadcast, _killed_at_the_job, _clock_ahead, _clock_behind, _storm,
    _token_refused,
)  # fmt: skip


def draw_plan(chance: Random, start: dt.datetime, weeks: int) -> Plan:
    """The calendar of so many Mondays after `start`; the first is calm, and every fate comes before one comes again."""
    plan, first = Plan(), dt.datetime.combine(start.date() + dt.timedelta(days=7 - start.weekday()), dt.time(), dt.UTC)
    fates = _dealt(chance)
    for number in range(weeks):
        fate = Fate(plan, first + number * 7 * DAY, chance)
        befalls = next(fates) if number else _calm
        plan.fates[fate.monday.date()] = befalls.__name__.strip("_")
        befalls(fate)
        _the_rest_of_the_week(fate, number)
    plan.end = first + (weeks - 1) * 7 * DAY + 3 * DAY
    plan.events.sort(key=lambda event: event.at)
    return plan


def _dealt(chance: Random) -> Iterator[Callable[[Fate], None]]:
    while True:
        yield from chance.sample(FATES, len(FATES))


def _the_rest_of_the_week(fate: Fate, number: int) -> None:
    """From Wednesday to Saturday: people come and go, it is killed now and then, and every week prices fall."""
    plan, chance = fate.plan, fate.chance
    for what, often in (("joins", 0.9), ("leaves", 0.7), ("mutes", 0.6), ("blocks", 0.4)):
        if chance.random() < often:
            plan.add(fate.hours(50, 140), "person", what, chance.choice(("telegram", "discord")))
    if chance.random() < 0.35:
        plan.add(fate.hours(50, 140), "kill", chance.choice((10.0, 600.0, 7200.0)))
    if number:
        _shock(fate, number)


def _shock(fate: Fate, number: int) -> None:
    plan, chance, at = fate.plan, fate.chance, fate.hours(49, 135)
    lasts = dt.timedelta(hours=chance.uniform(3, 7))
    unseen = dt.timedelta(minutes=chance.choice((0, 0, 25, 70)))
    kind = number % 3
    if kind == 0:
        plan.shocks.append(Shock(at, at + lasts, chance.uniform(0.70, 0.80), unseen=unseen))
    elif kind == 1:
        plan.shocks.append(Shock(at, at + lasts, chance.uniform(0.93, 0.975), frozenset({"USDT"}), unseen))
    else:
        plan.shocks.append(Shock(at, at + lasts, chance.uniform(0.35, 0.5), frozenset({"ETH"}), unseen))
    if chance.random() < 0.4:
        plan.add(at - dt.timedelta(minutes=2), "kill_in", chance.randint(1, 10))
    elif chance.random() < 0.5:
        platform = chance.choice(("telegram", "discord"))
        plan.add(at - dt.timedelta(minutes=10), "down", platform)
        plan.add(at + dt.timedelta(minutes=chance.uniform(5, 90)), "up", platform)

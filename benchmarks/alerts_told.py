"""What a walk of `benchmarks/alerts.py` led to, counted by chat and week, and printed."""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from engine.model import iso_week
from engine.modes import modes
from engine.themes import themes

ALL = "all"  # the chats that follow every index


@dataclass(frozen=True, slots=True)
class Message:
    """One message of the queue, as grave as its level."""

    chat: str
    name: str
    push: str
    level: int
    queued: dt.datetime

    @property
    def week(self) -> str:
        return iso_week(self.queued.date())


@dataclass
class Told:
    """What a walk led to: messages by chat and ISO week, scheduled ones and alerts; what was cried and decided, by kind
    and year, and what became of it at the day's close."""

    chats: tuple[str, ...]
    weeks: tuple[str, ...] = ()
    messages: tuple[Message, ...] = ()
    cried: Counter[tuple[str, int]] = field(default_factory=Counter)
    decided: Counter[tuple[str, int]] = field(default_factory=Counter)
    answered: Counter[tuple[str, str]] = field(default_factory=Counter)

    def a_week(
        self, counts: Callable[[Message], bool], which: Callable[[str, str], bool] = lambda *_: True
    ) -> np.ndarray:
        """How many messages of a sort each chat had in each week, of `which` chats and weeks."""
        found = Counter((message.chat, message.week) for message in self.messages if counts(message))
        return np.array([found[chat, week] for chat in self.chats for week in self.weeks if which(chat, week)])


def is_alert(message: Message) -> bool:
    """Whether it is no scheduled message."""
    return message.push == "danger"


def is_scheduled(message: Message) -> bool:
    return not is_alert(message)


def show(told: Told) -> None:
    """Print the figures."""
    scheduled = told.a_week(is_scheduled)
    print(f"{len(told.chats)} chats, {len(told.weeks)} weeks")
    print(f"scheduled messages a chat-week: at most {scheduled.max()}, mean {scheduled.mean():.3f}")
    print(f"alerts a chat-week: {figures(told.a_week(is_alert))}")
    for year in sorted({week[:4] for week in told.weeks}):
        print(f"  {year}: {figures(told.a_week(is_alert, lambda _, week, year=year: week[:4] == year))}")
    for mode in modes():
        print(f"  {mode}: {figures(told.a_week(is_alert, lambda chat, _, mode=mode: chat.endswith(f'/{mode}')))}")
    for index in (*themes(), ALL):
        print(f"  {index}: {figures(told.a_week(is_alert, lambda chat, _, index=index: chat.startswith(f'{index}/')))}")
    sorts = Counter(m.name.partition("/")[0] if is_alert(m) else m.push for m in told.messages)
    print("messages:", ", ".join(f"{name} {n}" for name, n in sorted(sorts.items())))
    for kind in sorted({kind for kind, _ in told.answered}):
        fates = {fate: told.answered[kind, fate] for fate in ("decided", "held", "over")}
        print(f"at the close {kind}: " + ", ".join(f"{fate} {n}" for fate, n in fates.items()))
    for title, found in (("cried", told.cried), ("decided between weeks (tracks)", told.decided)):
        by: dict[str, dict[int, int]] = defaultdict(dict)
        for (kind, year), n in found.items():
            by[kind][year] = n
        for kind, counts in sorted(by.items()):
            print(f"{title} {kind}: " + ", ".join(f"{year} {n}" for year, n in sorted(counts.items())))


def figures(counts: np.ndarray) -> str:
    p95, p99 = np.percentile(counts, [95, 99], method="higher")
    return (
        f"mean {counts.mean():.2f}, 95th percentile {p95}, 99th {p99}, at most {counts.max()}, "
        f"none in {np.mean(counts == 0):.0%}"
    )

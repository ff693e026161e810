"""The written triggers of a rebalance between weeks: each reads daily closes and names what it found, once."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.draft import EMERGENCIES, Draft
from engine.level import CARRY_DAYS, CASH, silence
from engine.model import Cause, RiskReading
from engine.orders import NO_ORDERS, Orders
from engine.panel import Panel
from engine.rebalance import NOISE
from engine.stablecoins import off_peg, sound_stablecoins

COLLAPSE_DAYS = 3  # a collapse is looked for over one to so many days
COLLAPSE = -0.40  # a fall so deep,
COLLAPSE_ALONE = -0.25  # and so much deeper than the median member's: a market that falls is the ladder's matter
DROUGHT_DAYS, DROUGHT_BEFORE = 3, 60
DROUGHT = 0.10  # volume of the last days against the median of the two months before, on the same venue
DROUGHT_LEAST = 30  # days of that venue's volume needed to say so
STOPPED_NEWS_DAYS = 7  # a stop older than this is no news: the weekly decision tells of it


@dataclass(frozen=True, eq=False)
class Scene:
    """What triggers look at: what is held at the last close, the theme's members, the ladder, and admins' orders."""

    draft: Draft
    members: NDArray[np.intp]
    risk: RiskReading | None
    orders: Orders

    @property
    def panel(self) -> Panel:
        return self.draft.panel

    @property
    def held(self) -> list[tuple[str, int]]:
        """Risky holdings that matter, with their columns."""
        risky = self.draft.risky
        columns = ((s, self.panel.column(s)) for s in sorted(risky) if risky[s] > NOISE)
        return [(symbol, column) for symbol, column in columns if column is not None]


@dataclass(frozen=True, slots=True)
class Trigger:
    """One entry: its rule in the methodology, for how many days after a fill it rests, and how its causes are read."""

    name: str
    rule: str
    rest: int
    read: Callable[[Scene], Iterator[Cause]]


def read_causes(scene: Scene, among: Collection[str] | None = None) -> tuple[Cause, ...]:
    """Every cause that calls for a decision now and was not answered lately, in the table's order (`among` some)."""
    previous = scene.draft.previous
    since = scene.panel.as_of - previous.date if previous else dt.timedelta.max
    return tuple(
        cause
        for trigger in TRIGGERS
        if since >= dt.timedelta(days=trigger.rest) and (among is None or trigger.name in among)
        for cause in trigger.read(scene)
        if cause.key not in scene.draft.answered
    )


def read_emergencies(draft: Draft, members: NDArray[np.intp]) -> tuple[Cause, ...]:
    """The causes that sell one token at once, which a weekly decision answers like one between weeks."""
    return read_causes(Scene(draft, members, None, NO_ORDERS), EMERGENCIES)


def _orders(scene: Scene) -> Iterator[Cause]:
    yield from scene.orders.causes(scene.draft.index, scene.panel.as_of)


def _excluded(scene: Scene) -> Iterator[Cause]:
    orders = scene.orders.excluded(scene.draft.index, scene.panel.as_of)
    for symbol, _ in scene.held:
        if symbol in orders and symbol not in scene.draft.stuck:
            yield Cause("exclusion", symbol, f"{symbol} was excluded by an admin: {orders[symbol].reason}")


def _step_up(scene: Scene) -> Iterator[Cause]:
    risk = scene.risk
    if risk is not None and risk.step is not risk.previous_step:
        was = risk.previous_step.value if risk.previous_step else "unread"
        since = scene.draft.previous.step_since if scene.draft.previous else None
        about = f"{risk.step.value} after {since}"
        yield Cause("step_up", about, f"Risk rose from {was} to {risk.step.value} ({risk.score:.0f} of 100)")


def _collapse(scene: Scene) -> Iterator[Cause]:
    """Fallen by COLLAPSE within COLLAPSE_DAYS, and not with everybody else."""
    close = scene.panel.close
    fallen: set[str] = set()
    for days in range(1, min(COLLAPSE_DAYS, len(close) - 1) + 1):
        with np.errstate(invalid="ignore"):
            moves = close[-1] / close[-1 - days] - 1
        peers = moves[scene.members]
        known = peers[np.isfinite(peers)]
        middle = float(np.median(known)) if len(known) else 0.0
        for symbol, column in scene.held:
            move = float(moves[column])
            if symbol not in fallen and move <= COLLAPSE and move - middle <= COLLAPSE_ALONE:
                fallen.add(symbol)  # told once, over the shortest span
                span = "a day" if days == 1 else f"{days} days"
                yield Cause("collapse", symbol, f"{symbol} fell {-100 * move:.0f} % in {span}, far more than its peers")


def _drought(scene: Scene) -> Iterator[Cause]:
    """Hardly traded any more, by the volume of the venue it was measured on before."""
    panel = scene.panel
    if len(panel.dates) < DROUGHT_BEFORE + DROUGHT_DAYS:
        return
    for symbol, column in scene.held:
        volume = panel.volume[-DROUGHT_BEFORE - DROUGHT_DAYS :, column]
        same = panel.venue[-DROUGHT_BEFORE - DROUGHT_DAYS :, column] == panel.venue[-1, column]
        now, before = volume[-DROUGHT_DAYS:], volume[:-DROUGHT_DAYS][same[:-DROUGHT_DAYS]]
        before = before[np.isfinite(before)]
        if len(before) < DROUGHT_LEAST or not (np.isfinite(now).all() and same[-DROUGHT_DAYS:].all()):
            continue
        usual = float(np.median(before))
        if usual > 0 and now.max() < DROUGHT * usual:
            yield Cause("drought", symbol, f"{symbol} trades under {100 * DROUGHT:.0f} % of its usual volume")


def _peg_loss(scene: Scene) -> Iterator[Cause]:
    """A stablecoin of the leg closed off its dollar, or did not close at all, while another one is sound."""
    for symbol in sorted(scene.draft.cash):
        if symbol == CASH or scene.draft.cash[symbol] <= NOISE:
            continue
        gap = off_peg(scene.panel, symbol)
        if gap is None or (np.isnan(gap) and not sound_stablecoins(scene.panel)):
            continue
        closed = "printed no price" if np.isnan(gap) else f"closed at ${1 + gap:.3f}"
        yield Cause("peg_loss", symbol, f"{symbol} {closed}, off its dollar")


def _stopped(scene: Scene) -> Iterator[Cause]:
    for symbol, _ in scene.held:
        silent = silence(scene.panel, symbol)
        if symbol in scene.draft.stuck and silent <= STOPPED_NEWS_DAYS:
            yield Cause("stopped", symbol, f"{symbol} has printed no price for {silent:.0f} days and cannot be sold")


def _resumed(scene: Scene) -> Iterator[Cause]:
    """It prints again after its mark was cut: sold at the first price there is."""
    for symbol, column in scene.held:
        seen = np.isfinite(scene.panel.close[:, column])
        if not seen[-1]:
            continue
        before = np.flatnonzero(seen[:-1])
        gap = len(seen) - 2 - int(before[-1]) if len(before) else 0
        if gap > CARRY_DAYS:
            yield Cause("resumed", symbol, f"{symbol} prints a price again after {gap} days without one")


TRIGGERS = (
    Trigger("order", "8.2", 0, _orders),
    Trigger("exclusion", "8.3", 0, _excluded),
    Trigger("step_up", "8.4", 2, _step_up),
    Trigger("collapse", "8.5", 0, _collapse),
    Trigger("drought", "8.6", 0, _drought),
    Trigger("peg_loss", "8.7", 0, _peg_loss),
    Trigger("stopped", "8.8", 0, _stopped),
    Trigger("resumed", "8.9", 0, _resumed),
)

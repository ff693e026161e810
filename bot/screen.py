"""Composes the one screen of an index that /index answers and the weekly announcement posts."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from bot.book import Book, IndexInfo, Status, StoredDecision, decided
from bot.figures import Growth, growth
from bot.phrases import (
    apportion,
    clipped,
    compares_with_itself,
    counted,
    day,
    dollars,
    listed,
    percent,
    sentence,
    short_head,
    signed_percent,
    weekday_title,
    whole_percents,
)
from bot.reply import Button, Column, Reply, Table, Tone
from bot.words import rule_in_words
from engine.level import CASH
from engine.method import version_of
from engine.model import PASSIVE, Action, Decision, Holding, Order, Settlement
from engine.modes import modes

STAKE = 1000.0  # the dollars whose fate is told
MOST_REASONS = 4  # lines of them; more do not fit on a phone beside ten holdings
LONGEST_CAUSE = 240  # characters of one cause or reason; an admin's own words may be long
FLATTERED = "flattered by survivorship"  # a past that was filled from the members of today
PAUSED = "No trades: "  # the engine's words before the reason for which it trades nothing at all
WAITS = "more waits in stablecoins"  # the engine's words where too few tokens are bullish
BY_STRENGTH = frozenset({"bullish", "conviction", "risk_ladder"})  # rules whose reason is the strongest point
VERBS = {Action.BUY_NEW: "Bought", Action.BUY_MORE: "Bought more", Action.TRIM: "Trimmed"}
TONES: dict[Action, Tone] = {
    Action.BUY_NEW: "good",
    Action.BUY_MORE: "good",
    Action.TRIM: "bad",
    Action.SELL: "bad",
    Action.STUCK: "strong",
}


@dataclass(frozen=True, slots=True)
class View:
    """One index in one mode as it stands in the book, with what $1 became beside just holding."""

    info: IndexInfo
    mode: str
    stored: StoredDecision
    status: Status
    index: Growth | None
    holding: Growth | None
    paused: Order | None = None

    @property
    def decision(self) -> Decision:
        return self.stored.decision

    @property
    def is_backtest(self) -> bool:
        return self.status.ledger != "live"


def view(book: Book, info: IndexInfo, mode: str, before: dt.date | None = None) -> View:
    """Read one index from the book, levels up to the day before `before`; NotEnoughData before its first decision."""
    stored, status = decided(book, info, mode), book.status()
    start = status.live_start if status.ledger == "live" else None
    index = growth(book.levels(info.id, mode), start, before)
    holding = growth(book.levels(info.id, PASSIVE), index.start, before) if index else None
    paused = book.orders().paused(info.id, book.now().date() + dt.timedelta(days=1))  # whatever was ordered by now
    return View(info, mode, stored, status, index, holding, paused)


def compose(shown: View, buttons: tuple[Button, ...] = ()) -> Reply:
    """The whole screen: cause, level, week, holdings, stablecoins, what moved and why, fills, method, head."""
    decision = shown.decision
    return Reply(
        title=title(shown),
        text=(*cause_lines(decision), *paused_line(shown), level_line(shown), week_line(shown)),
        table=_table(decision),
        after=(
            *stable_line(decision),
            *reason_lines(decision),
            *_sold_lines(decision),
            *_spread_line(decision),
            *notes(decision),
        ),
        note=(fill_line(shown), *_unfilled(shown.stored.settlement), *fine_print(shown)),
        buttons=buttons,
    )


def title(shown: View) -> str:
    week = weekday_title(shown.decision, shown.status.ledger)
    return loud(f"{shown.info.title} index, {week} ({labelled(shown.mode, shown.status)})", shown.status)


def labelled(mode: str, status: Status) -> str:
    """`balanced`, or `balanced, backtest` where nothing was announced at the time; a flattered one is called so."""
    if status.ledger == "live":
        return mode
    return f"{mode}, backtest, {FLATTERED}" if status.caveats else f"{mode}, backtest"


def loud(title: str, status: Status) -> str:
    """A title that cannot be mistaken for the real market."""
    return f"SIMULATED: {title}" if status.simulated else title


def cause_lines(decision: Decision) -> tuple[str, ...]:
    """Why a decision was made between weeks, a sentence a cause; nothing for a weekly one."""
    return tuple(sentence(clipped(cause.text, LONGEST_CAUSE)) for cause in decision.causes)


def paused_line(shown: View) -> tuple[str, ...]:
    """`Paused by an admin: audit of the price feed.`: why nothing at all is traded, however good the signals.

    As the decision says it, or where it was ordered since, with the day it counts from.
    """
    told = [note.removeprefix(PAUSED) for note in shown.decision.notes if note.startswith(PAUSED)]
    if shown.paused is not None and not told:
        told = [f"paused by an admin from {day(shown.paused.effective)} on: {shown.paused.reason}"]
    return tuple(sentence(clipped(text, LONGEST_CAUSE)) for text in told)


def notes(decision: Decision) -> tuple[str, ...]:
    """The engine's notes but the one that `paused_line` says."""
    return tuple(note for note in decision.notes if not note.startswith(PAUSED))


def level_line(shown: View) -> str:
    """`$1,000 on 5 Jan is now $1,124. Just holding: $970.`"""
    if shown.index is None:
        return f"Starts with {dollars(STAKE)} at the close of {day(shown.decision.date)}."
    when = day(shown.index.start, near=shown.index.days[-1])
    said = f"{dollars(STAKE)} on {when} is now {dollars(STAKE * shown.index.now)}."
    return f"{said} Just holding: {dollars(STAKE * shown.holding.now)}." if shown.holding else said


def fall(grown: Growth, digits: int = 1) -> str:
    """`-12.7 %`, the deepest fall from an earlier high; `none` where there was none."""
    said = signed_percent(grown.worst_fall(), digits)
    return said if said.startswith("-") else "none"


def week_line(shown: View) -> str:
    """`This week +3.1 %, holding -1.4 %. Risk: raised.`"""
    risk = f"Risk: {shown.decision.risk.step.value}." if shown.decision.risk else ""
    if shown.index is None:
        return risk or "The first week."
    week = f"This week {signed_percent(shown.index.week())}"
    if shown.holding:
        week += f", holding {signed_percent(shown.holding.week(shown.index.days[-1]))}"
    return f"{week}. {risk}".strip()


def whole_weights(holdings: Sequence[Holding]) -> list[int]:
    """The weights as whole percents that sum to exactly 100 with the stablecoins."""
    return _apportioned([(holding.weight, holding.stable) for holding in holdings])


def shares(decision: Decision) -> list[tuple[Holding, int, int]]:
    """Every line of a decision with its whole percents before and after it, the same wherever they are said."""
    lines = decision.holdings
    before = _apportioned([(line.from_weight, line.stable) for line in lines])
    return list(zip(lines, before, whole_weights(lines), strict=True))


def _apportioned(weights: Sequence[tuple[float, bool]]) -> list[int]:
    """Whole percents that sum to 100, the stablecoins first taken as one: their sum must not gather roundings."""
    leg = [weight for weight, stable in weights if stable]
    whole, *risky = whole_percents([sum(leg), *(weight for weight, stable in weights if not stable)])
    parts = {True: iter(apportion(leg, whole)), False: iter(risky)}
    return [next(parts[stable]) for _, stable in weights]


def kept(decision: Decision) -> list[tuple[Holding, int]]:
    """What the index holds after the decision, stablecoins included, with its whole percents."""
    return [(holding, now) for holding, _, now in shares(decision) if holding.weight > 0]


def share(whole: int, weight: float) -> str:
    """`12 %`; a part that is held but rounds to nothing is `<1 %`."""
    return "<1 %" if whole == 0 and weight > 0 else f"{whole} %"


def in_stablecoins(decision: Decision) -> int:
    """The whole percents that wait in stablecoins after the decision."""
    return sum(whole for holding, whole in kept(decision) if holding.stable)


def _table(decision: Decision) -> Table | None:
    risky = [(holding, whole) for holding, whole in kept(decision) if not holding.stable]
    if not risky:
        return None
    return Table(
        columns=(Column("Token"), Column("Weight", "right"), Column("Action"), Column("Grade")),
        rows=tuple(
            (h.symbol, share(whole, h.weight), h.action.value, h.grade.letter if h.grade else "") for h, whole in risky
        ),
        tones=tuple(TONES.get(holding.action, "plain") for holding, _ in risky),
    )


def _spread_line(decision: Decision) -> tuple[str, ...]:
    """`As spread out as 5.3 equal holdings, before 4.1.`"""
    before, after = f"{decision.names_before:.1f}", f"{decision.names_after:.1f}"
    if decision.names_after <= 0:
        return ()
    was = f", before {before}" if decision.names_before > 0 and before != after else ""
    return (f"As spread out as {after} equal holdings{was}.",)


def stable_line(decision: Decision, sized: bool = True) -> tuple[str, ...]:
    """`Stablecoins 15 % (was 0): USDC 8, DAI 7; for risk raised`, or nothing where there were none and are none.

    With `sized` it ends with the rules that ask for them.
    """
    legs = [(holding, whole) for holding, whole in kept(decision) if holding.stable]
    was = sum(before for holding, before, _ in shares(decision) if holding.stable)
    if not legs and not was:
        return ()
    parts = ", ".join(f"{'cash' if h.symbol == CASH else h.symbol} {whole}" for h, whole in legs if whole)
    said = f"Stablecoins {in_stablecoins(decision)} % (was {was})"
    return (f"{said}: {parts}{_sized_by(decision) if sized else ''}" if parts else said,)


def _sized_by(decision: Decision) -> str:
    """`; for risk raised, volatility and too few bullish`: the rules that ask for the stablecoins."""
    risk, rules = decision.risk, modes().get(decision.mode)
    if risk is None or rules is None:
        return ""
    asked = {
        f"risk {risk.step.value}": rules.stablecoin_share(risk.step) > 0,
        "volatility": risk.volatility is not None and risk.volatility > rules.target_volatility,
        "too few bullish": any(WAITS in note for note in decision.notes),
    }
    by = [rule for rule, asks in asked.items() if asks]
    return f"; for {listed(by)}" if by else ""


def reason_lines(decision: Decision) -> tuple[str, ...]:
    """`Bought GMX and LRC, strongest point: calmer than its peers`; the reasons that most tokens share, then /why."""
    groups: dict[tuple[str, str], list[str]] = {}
    for action, verb in VERBS.items():
        for holding in decision.holdings:
            if holding.action is action and not holding.stable:
                groups.setdefault((verb, _briefly(holding)), []).append(holding.symbol)
    shown = sorted(groups, key=lambda group: -len(groups[group]))[:MOST_REASONS]
    lines = tuple(f"{verb} {listed(groups[verb, why])}{why}" for verb, why in groups if (verb, why) in shown)
    return (*lines, f"More: /why {decision.index}") if len(groups) > len(shown) else lines


def _briefly(holding: Holding) -> str:
    """What a token was bought for, or the rule that moved it."""
    point = strongest_point(holding) if holding.action is Action.BUY_NEW else ""
    return f", {point}" if point else f": {rule_in_words(holding.rule)}"


def strongest_point(holding: Holding) -> str:
    """`strongest point beside its peers: follows BTC`, or nothing where the line's reason only says its rule again."""
    if not holding.reason or holding.rule not in BY_STRENGTH or compares_with_itself(holding.symbol, holding.reason):
        return ""
    whose = "" if "its peers" in holding.reason else " beside its peers"  # a reason is a place among them
    return f"strongest point{whose}: {holding.reason}"


def sold(decision: Decision) -> dict[str, list[str]]:
    """Tokens that left, by the reason they left for."""
    by_reason: dict[str, list[str]] = {}
    for holding in decision.holdings:
        if holding.action is Action.SELL and not holding.stable:
            by_reason.setdefault(holding.reason, []).append(holding.symbol)
    return by_reason


def _sold_lines(decision: Decision) -> tuple[str, ...]:
    return tuple(f"Sold {listed(symbols)}: {reason}" for reason, symbols in sold(decision).items())


def fill_line(shown: View) -> str:
    """What the trades cost, or will: `Fills at today's close, cost about 0.13 %.`"""
    decision, settlement = shown.decision, shown.stored.settlement
    if not decision.trades:
        return "No trades with this change." if decision.sequence else "No trades this week."
    if settlement is not None:
        return f"Filled at {fill_close(shown)}, cost {percent(settlement.cost, 2)}."
    return f"Fills at {fill_close(shown)}, cost about {percent(decision.cost_estimate, 2)}."


def fill_close(shown: View) -> str:
    """`today's close` for a live decision that waits for it, else `13 Nov's close`."""
    if shown.stored.settlement is None and not shown.is_backtest:
        return "today's close"
    return f"{day(shown.decision.date, near=shown.status.next_decision.date())}'s close"


def _unfilled(settlement: Settlement | None) -> tuple[str, ...]:
    missed = [fill for fill in settlement.fills if fill.status != "filled"] if settlement else []
    if not missed:
        return ()
    said = listed(f"{fill.symbol} ({fill.status})" for fill in missed)
    return (f"{counted(len(missed), 'trade')} not filled in full: {said}.",)


def fine_print(shown: View) -> tuple[str, ...]:
    """Simulated, method, and the journal's head."""
    market = "SIMULATED market" if shown.status.simulated else "Simulated"
    return f"{market}, not advice. Method {version_of(shown.decision.method)}", short_head(shown.stored.head)

"""Turns what the book says into the API's answers."""

from __future__ import annotations

import json
from collections.abc import Sequence

from bot.book import IndexInfo, Skill, Status, StoredDecision
from bot.figures import growth
from bot.reply import Reply
from bot.screen import STAKE
from bot.web.answers import (
    About,
    BandLine,
    Chances,
    CriedLine,
    DecisionLine,
    EntryLine,
    FamilyLine,
    HoldingLine,
    IndexLine,
    ReasonLine,
    RecordLine,
    RiskPart,
    SignalLine,
)
from bot.web.door import Shelf
from bot.web.rules import rule_numbers
from engine.model import PASSIVE, Holding, Odds, Signal
from storage.chain import Entry
from storage.published import Cried

SIMULATED = "SIMULATED market: these prices never were. Not advice."
BACKTEST = "Backtest: computed for the past by the same rules, announced to nobody at the time. Not advice."
LIVE = "Live record of simulated trading, announced before anyone knew what came. Not advice."


def about(status: Status) -> About:
    """How to read what stands in this database, which every answer and page says."""
    says = SIMULATED if status.simulated else LIVE if status.ledger == "live" else BACKTEST
    return About(status.simulated, "live" if status.ledger == "live" else "backtest", says)


def index_line(shelf: Shelf, info: IndexInfo, mode: str, status: Status) -> IndexLine:
    """One index at a glance, since the live start where there is one."""
    stored = shelf.book.decision(info.id, mode)
    if stored is None:
        return IndexLine(info.id, info.title, info.description, mode, *[None] * 7)
    start = status.live_start if status.ledger == "live" else None
    index = growth(shelf.book.levels(info.id, mode), start)
    twin = growth(shelf.book.levels(info.id, PASSIVE), index.start) if index else None
    decision = stored.decision
    return IndexLine(
        id=info.id,
        title=info.title,
        description=info.description,
        mode=mode,
        week=decision.week,
        since=index.start if index else None,
        thousand_became=index.now * STAKE if index else None,
        holding_became=twin.now * STAKE if twin else None,
        risk_step=decision.risk.step.value if decision.risk else None,
        risk_score=decision.risk.score if decision.risk else None,
        stablecoin_share=decision.stablecoin_share,
    )


def decision_line(stored: StoredDecision) -> DecisionLine:
    """One decision with every receipt."""
    decision, risk = stored.decision, stored.decision.risk
    return DecisionLine(
        index=decision.index,
        mode=decision.mode,
        week=decision.week,
        date=decision.date,
        sequence=decision.sequence,
        causes=tuple(cause.text for cause in decision.causes),
        holdings=tuple(_holding(line) for line in decision.holdings),
        risk_step=risk.step.value if risk else None,
        risk_score=risk.score if risk else None,
        risk_parts=tuple(RiskPart(c.name, c.score, c.weight, c.text) for c in risk.components) if risk else (),
        stablecoin_share=decision.stablecoin_share,
        turnover=decision.turnover,
        cost_estimate=decision.cost_estimate,
        cost=stored.settlement.cost if stored.settlement else None,
        notes=decision.notes,
        method=decision.method,
        entry=stored.seq,
        head=stored.head,
    )


def _holding(line: Holding) -> HoldingLine:
    grade = line.grade
    return HoldingLine(
        symbol=line.symbol,
        from_weight=line.from_weight,
        weight=line.weight,
        action=line.action.value,
        rule=line.rule,
        rule_number=rule_numbers().get(line.rule),
        reason=line.reason,
        grade=grade.score if grade else None,
        letter=grade.letter if grade else None,
        stable=line.stable,
    )


def signal_line(shelf: Shelf, signal: Signal, mode: str) -> SignalLine:
    return SignalLine(
        symbol=signal.symbol,
        call=shelf.book.call(signal, mode).value,
        odds=_chances(signal.odds),
        base=_chances(signal.base),
        strength=signal.conviction,
        steady_strength=signal.steady,
        grade=signal.grade.score,
        letter=signal.grade.letter,
        no_call=signal.abstained,
    )


def _chances(odds: Odds) -> Chances:
    return Chances(odds.bearish, odds.neutral, odds.bullish)


def family_lines(signal: Signal) -> tuple[FamilyLine, ...]:
    return tuple(
        FamilyLine(v.family, v.contribution, v.grade.score, v.grade.letter, v.present, v.total, v.stale)
        for v in signal.families
    )


def reason_lines(signal: Signal) -> tuple[ReasonLine, ...]:
    return tuple(ReasonLine(r.feature, r.family, r.contribution, r.text) for r in signal.reasons)


def record_line(skill: Skill) -> RecordLine:
    return RecordLine(
        record=skill.ledger,
        weeks=skill.weeks,
        calls=skill.calls,
        bullish_calls=skill.bullish_calls,
        bullish_hits=skill.bullish_hits,
        rate_low=skill.low,
        rate_high=skill.high,
        bullish_base=skill.bullish_base,
        log_loss=skill.log_loss,
        base_log_loss=skill.base_log_loss,
        rank_correlation=skill.rank_ic,
        rank_correlation_t=skill.rank_ic_t,
        bands=tuple(BandLine(b.low, b.high, b.calls, b.hits, b.least, b.most) for b in skill.bands),
    )


def entry_line(entry: Entry) -> EntryLine:
    return EntryLine(entry.ledger, entry.seq, entry.kind, entry.date, entry.body, entry.previous, entry.hash)


def cried_line(cried: Cried) -> CriedLine:
    """An announcement as it was cried, in plain text."""
    reply = Reply.from_json(cried.reply)
    rows = tuple(" ".join(cell for cell in row if cell) for row in reply.table.rows) if reply.table else ()
    text = (*reply.text, *rows, *reply.after, *reply.note)
    key = f"{cried.ledger}:{cried.seq}"
    return CriedLine(key, cried.index, cried.mode, cried.date, cried.sequence, reply.title, text, cried.head)


def as_event(line: CriedLine, fields: Sequence[str] = ("id", "index", "mode", "date", "sequence", "title")) -> str:
    """An announcement as one server-sent event."""
    data = {name: getattr(line, name) for name in (*fields, "text", "head")}
    return f"id: {line.id}\nevent: announcement\ndata: {json.dumps(data, ensure_ascii=False)}\n\n"

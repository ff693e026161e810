"""Turns the heads' scores into what is said: probabilities, call, conviction, grade, reasons, or no call and why."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from engine.features import CATALOGUE
from engine.method import stamp
from engine.model import Call, Grade, MarketView, Odds, Reason, Signal, TokenKind, WeekSignals
from engine.panel import Panel
from engine.record import Record, RecordedWeek, conviction, excess_and_outcome
from engine.study import UNIVERSE_RANK, Study, build_study
from engine.walkforward import MARKET_INPUTS, Heads, Trainer

Floats = NDArray[np.float64]

SPOKEN_RANK = 100
SPOKEN_STALE_DAYS = 30  # a token silent for longer is not spoken of
MIN_PRESENT = 0.5  # of the token's own data points
REASONS_KEPT = 8
# Weekly odds hug one half: the letters are spaced as finely as past odds were, or all tokens would share one.
LETTERS = ((57, "A+"), (54, "A"), (52, "B+"), (51, "B"), (50, "C+"), (48, "C"), (45, "D"), (0, "E"))
STEADY_WEEKS = 4  # an index goes by the mean strength of so many weeks: one alone turns over half of itself
SKILL_WEEKS = 52
NO_SKILL = 0.002  # nats of log loss; a smaller lead over the base rates is not one


def call(signal: Signal, margin: float) -> Call:
    """What the odds say once p(bullish) less p(bearish) must stand `margin` clear of the base rates known then."""
    if signal.abstained is not None:
        return Call.NO_CALL
    if abs(signal.conviction) < margin:
        return Call.NEUTRAL
    return Call.BULLISH if signal.conviction > 0 else Call.BEARISH


def grade(odds: Odds) -> Grade:
    """Of 100 weeks that leave the neutral band, how many should go up; with a letter."""
    score = round(100 * odds.bullish / (odds.bullish + odds.bearish))
    return Grade(score, next(letter for least, letter in LETTERS if score >= least))


def form_signals(panel: Panel, record: Record, as_of: dt.date, trainer: Trainer | None = None) -> WeekSignals:
    """Say what is to be said of every spoken token at `as_of`, from what was visible before it.

    `record` holds past predictions; the ones before the refit calibrate this week. A `trainer` over a longer study may
    be passed by a walk through history: it looks at nothing that was not complete at the refit.
    """
    trainer = trainer or Trainer(build_study(panel.until(as_of), extra=[as_of]))
    study, i = trainer.study, trainer.study.week(as_of)
    heads = trainer.heads(as_of, record)
    spoken = _spoken(study, i)
    abstained = {int(j): why for j in spoken if (why := _why_abstain(study, i, int(j), trainer.columns, heads))}
    said = np.array([j for j in spoken if int(j) not in abstained], dtype=np.intp)
    market = _market_view(trainer, i, heads)
    scores = heads.relative.log_odds(trainer.ranks(i)[said]) if heads.relative else np.zeros(len(said))
    odds = heads.calibration.probabilities(scores, np.full(len(said), _lift(trainer, i, heads)))
    by_column = {int(j): k for k, j in enumerate(said)}
    past = _past_strengths(record, as_of)
    signals = tuple(
        _signal(trainer, i, int(j), heads, by_column.get(int(j)), scores, odds, abstained.get(int(j)), past)
        for j in spoken
    )
    return WeekSignals(
        date=as_of,
        refit=heads.refit if heads.relative else None,
        market=market,
        signals=signals,
        dropped_features=study.features.dropped,
        note=_skill_note(trainer, record.before(as_of), as_of),
        method=stamp(),
    )


def recorded(week: WeekSignals, trainer: Trainer, record: Record) -> RecordedWeek | None:
    """The line that this week adds to the record, or None where no head spoke."""
    said = [s for s in week.signals if s.abstained is None and s.relative is not None]
    if not said:
        return None
    heads = trainer.heads(week.date, record)
    return RecordedWeek(
        date=week.date,
        symbols=tuple(s.symbol for s in said),
        relative=np.array([s.relative for s in said], dtype=np.float64),
        market=_lift(trainer, trainer.study.week(week.date), heads),
        odds=np.array([[s.odds.bearish, s.odds.neutral, s.odds.bullish] for s in said]),
        base=np.array([said[0].base.bearish, said[0].base.neutral, said[0].base.bullish]),
    )


def _spoken(study: Study, i: int) -> NDArray[np.intp]:
    """Columns of every non-stable token of the top 100 and every theme member that is still heard of."""
    panel, row = study.panel, study.panel.row(study.dates[i] - dt.timedelta(days=1))
    named = np.array([token.kind is not TokenKind.STABLE for token in panel.tokens])
    themed = np.array([token.kind is TokenKind.COIN and bool(token.themes) for token in panel.tokens])
    recent = panel.observed[max(row - SPOKEN_STALE_DAYS, 0) : row + 1].any(axis=0)
    with np.errstate(invalid="ignore"):
        top = panel.rank[row] <= SPOKEN_RANK
    return np.flatnonzero(named & recent & (top | themed))


def _why_abstain(study: Study, i: int, j: int, columns: list[int], heads: Heads) -> str | None:
    """One honest reason to make no call, or None."""
    panel, row = study.panel, study.panel.row(study.dates[i] - dt.timedelta(days=1))
    if heads.relative is None:
        return "the models have too little history yet"
    if panel.tokens[j].kind is TokenKind.WRAPPED:
        return "a wrapped copy follows its original"
    if not panel.observed[max(row - 1, 0) : row + 1, j].any():
        return "its price has stopped"
    if not study.universe[i, j]:
        ranked = np.isfinite(panel.rank[row]).any()
        outside = ranked and not panel.rank[row, j] <= UNIVERSE_RANK
        return f"outside the top {UNIVERSE_RANK} by capitalisation" if outside else "too little price history"
    if np.isfinite(study.features.token_values[i, j, columns]).mean() < MIN_PRESENT:
        return "fewer than half of its data points are there"
    if not np.isfinite(study.sigma[i, j]):
        return "too little price history"
    return None


def _lift(trainer: Trainer, i: int, heads: Heads) -> float:
    return heads.market.lift(trainer.inputs[i]) if heads.market else 0.0


def _market_view(trainer: Trainer, i: int, heads: Heads) -> MarketView:
    if heads.market is None:
        return MarketView(0.5, 0.5, ())
    inputs = trainer.inputs[i]
    parts = heads.market.contributions(inputs)
    reasons = tuple(_reason(name, float(c), float(c) > 0) for name, c in zip(MARKET_INPUTS, parts, strict=True) if c)
    ordered = tuple(sorted(reasons, key=lambda r: -abs(r.contribution)))
    return MarketView(heads.market.p_up(inputs), heads.market.base, ordered)


def _reason(name: str, contribution: float, high: bool) -> Reason:
    feature = CATALOGUE[name]
    return Reason(name, feature.family, contribution, feature.up if high else feature.down)


def _signal(
    trainer: Trainer,
    i: int,
    j: int,
    heads: Heads,
    k: int | None,
    scores: Floats,
    odds: Floats,
    abstained: str | None,
    past: Mapping[str, list[float]],
) -> Signal:
    study, panel = trainer.study, trainer.study.panel
    row = panel.row(study.dates[i] - dt.timedelta(days=1))
    base = heads.calibration.base
    chances = base if k is None else odds[k]
    said = Odds(*(float(p) for p in chances))
    close, before = panel.close[row, j], panel.close[max(row - 7, 0), j]
    sigma = study.sigma[i, j]
    symbol = panel.tokens[j].symbol
    strength = 0.0 if k is None else float(conviction(chances, base))
    return Signal(
        symbol=symbol,
        odds=said,
        base=Odds(*(float(p) for p in base)),
        relative=None if k is None else float(scores[k]),
        conviction=strength,
        grade=grade(said),
        reasons=() if k is None else _reasons(trainer, i, j, heads),
        abstained=abstained,
        points_present=study.features.present(i, j),
        points_total=study.features.total,
        missing_families=study.features.missing_families(i, j),
        volatility=float(sigma) if np.isfinite(sigma) else None,
        close=float(close) if np.isfinite(close) else None,
        return_7d=float(close / before - 1) if np.isfinite(close) and np.isfinite(before) else None,
        steady=0.0 if k is None else float(np.mean([strength, *past.get(symbol, ())])),
    )


def _past_strengths(record: Record, as_of: dt.date) -> dict[str, list[float]]:
    """{symbol: strengths} of the weeks before `as_of` that the steady strength looks back on."""
    past: dict[str, list[float]] = {}
    for week in record.before(as_of):
        if week.date >= as_of - dt.timedelta(weeks=STEADY_WEEKS - 1):
            for symbol, strength in zip(week.symbols, week.conviction.tolist(), strict=True):
                past.setdefault(symbol, []).append(strength)
    return past


def _reasons(trainer: Trainer, i: int, j: int, heads: Heads) -> tuple[Reason, ...]:
    """The strongest parts of the relative score, for and against, in falling size."""
    assert heads.relative is not None
    ranks = trainer.ranks(i)[j]
    parts = heads.relative.contributions(ranks)
    strongest = sorted(range(len(parts)), key=lambda f: (-abs(parts[f]), trainer.names[f]))[:REASONS_KEPT]
    return tuple(_reason(trainer.names[f], float(parts[f]), bool(ranks[f] > 0)) for f in strongest if parts[f])


def _skill_note(trainer: Trainer, record: Record, as_of: dt.date) -> str:
    """One sentence where the last year's odds were no better than the base rates known then; else nothing."""
    study = trainer.study
    known = {study.dates[i] for i in study.complete_before(as_of)}
    gains = []
    for week in [w for w in record if w.date in known][-SKILL_WEEKS:]:
        _, outcome = excess_and_outcome(week, study, trainer.outcomes)
        seen = outcome >= 0
        if seen.any():
            said = np.log(week.odds[seen, outcome[seen]])
            gains.append(float((said - np.log(week.base[outcome[seen]])).mean()))
    if len(gains) < SKILL_WEEKS // 2:
        return "The record is still too short to say whether these odds beat base rates."
    if np.mean(gains) < NO_SKILL:
        return "Over the last year these odds were no better than base rates; weigh them accordingly."
    return ""

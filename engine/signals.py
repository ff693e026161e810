"""Turns the heads' scores into what is said: probabilities, call, conviction, grade, reasons, or no call and why."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from engine.abstention import Instant, why_abstain
from engine.explanation import Parts, explain
from engine.features import CATALOGUE, FAMILIES
from engine.fitting import MARKET_INPUTS
from engine.method import stamp
from engine.model import Call, FamilyView, Grade, MarketView, Odds, Outlook, Reason, Signal, TokenKind, WeekSignals
from engine.models.calibration import Calibration
from engine.models.one_core import one_core
from engine.panel import Panel
from engine.record import Record, RecordedWeek, View, conviction
from engine.skill import silenced_heads, trailing_skill
from engine.study import HORIZONS, MONTH, WEEK, Study, build_study
from engine.walkforward import Heads, Scores, Trainer

Floats = NDArray[np.float64]

SPOKEN_RANK = 100
SPOKEN_STALE_DAYS = 30  # a token silent for longer is not spoken of
REASONS_KEPT = 8
# Weekly odds hug one half: the letters are spaced as finely as past odds were, or all tokens would share one.
LETTERS = ((57, "A+"), (54, "A"), (52, "B+"), (51, "B"), (50, "C+"), (48, "C"), (45, "D"), (0, "E"))
STEADY_WEEKS = 4  # an index goes by the mean strength of so many weeks: one alone turns over half of itself
SHORT_RECORD = 52  # weeks of predictions under which no skill can be told
FAMILY_MEMORY_WEEKS = 52  # a family that was heard of a token within these and is silent now is stale


def call(signal: Signal, margin: float) -> Call:
    """What the odds say once p(bullish) less p(bearish) must stand `margin` clear of the base rates known then."""
    if signal.abstained is not None:
        return Call.NO_CALL
    return call_of(signal.conviction, margin)


def call_of(conviction: float, margin: float) -> Call:
    """The same of a conviction alone, where something was said."""
    if abs(conviction) < margin:
        return Call.NEUTRAL
    return Call.BULLISH if conviction > 0 else Call.BEARISH


def grade(odds: Odds) -> Grade:
    """Of 100 weeks that leave the neutral band, how many should go up; with a letter."""
    score = round(100 * odds.bullish / (odds.bullish + odds.bearish))
    return Grade(score, next(letter for least, letter in LETTERS if score >= least))


@dataclass(frozen=True, eq=False)
class _Said:
    """What is made of the scores at one horizon: odds (tokens, 3) by panel column, and the calibration behind them."""

    scores: Scores
    calibration: Calibration
    odds: Floats

    @property
    def base(self) -> Floats:
        return self.calibration.base


def form_signals(panel: Panel, record: Record, as_of: dt.date, trainer: Trainer | None = None) -> WeekSignals:
    """Say what is to be said of every spoken token at `as_of`, from what was visible before it.

    `record` holds past predictions; the ones before the refit calibrate this week, those whose outcome is known silence
    a head that had no skill. A `trainer` over a longer study may be passed by a walk through history: it looks at
    nothing that was not complete at the refit.
    """
    return form_week(panel, record, as_of, trainer)[0]


def form_week(
    panel: Panel, record: Record, as_of: dt.date, trainer: Trainer | None = None, explained: bool = True
) -> tuple[WeekSignals, RecordedWeek | None]:
    """The week's signals, and the line they add to the record; None where no head spoke.

    A walk that keeps the line alone does not need them `explained` by family, which takes most of the time.
    """
    with one_core():
        return _form(panel, record, as_of, trainer, explained)


def _form(
    panel: Panel, record: Record, as_of: dt.date, trainer: Trainer | None, explained: bool
) -> tuple[WeekSignals, RecordedWeek | None]:
    trainer = trainer or Trainer(build_study(panel.until(as_of), extra=[as_of]))
    study, i = trainer.study, trainer.study.week(as_of)
    heads = trainer.heads(as_of, record)
    before = record.before(as_of)
    silenced = _silenced(trainer, before, as_of)
    said = {horizon: _say(trainer, i, heads, horizon, silenced[horizon]) for horizon in HORIZONS}
    at = Instant(trainer, heads, said[WEEK].scores, i)
    spoken = _spoken(study, i)
    abstained = {j: why_abstain(at, j) for j in spoken.tolist()}
    loud = np.array([j for j in spoken.tolist() if abstained[j] is None], dtype=np.intp)
    parts = (
        explain(trainer, heads, said[WEEK].scores, said[WEEK].calibration, i, loud) if explained and len(loud) else None
    )
    past = _past_strengths(before, as_of)
    place = {j: k for k, j in enumerate(loud.tolist())}
    signals = tuple(
        _bare(trainer, i, j, said[WEEK].base, why)
        if (why := abstained[j]) is not None
        else _signal(at, j, said, parts, place[j], past)
        for j in spoken.tolist()
    )
    week = WeekSignals(
        date=as_of,
        refit=heads.refit if heads.speaks else None,
        market=_market_view(trainer, i, heads, "market" in silenced[WEEK]),
        signals=signals,
        dropped_features=study.features.dropped,
        note=_note(heads, silenced[WEEK], len(before)),
        method=stamp(),
        silenced=silenced[WEEK],
    )
    return week, _recorded(week, trainer, heads, said, loud)


def _silenced(trainer: Trainer, record: Record, as_of: dt.date) -> dict[int, tuple[str, ...]]:
    return {
        horizon: silenced_heads(
            trailing_skill(trainer.study, record, as_of, trainer.material.outcomes[horizon], horizon)
        )
        for horizon in HORIZONS
    }


def _say(trainer: Trainer, i: int, heads: Heads, horizon: int, silenced: tuple[str, ...]) -> _Said:
    """Odds of every token in the universe; where the relative head is silent, nothing says which way."""
    scores = trainer.scores(i, heads, horizon)
    no_way = "relative" in silenced
    calibration = heads.calibration[horizon].silenced(no_way, no_way or "market" in silenced, "movement" in silenced)
    odds = calibration.probabilities(scores.members.mean(axis=1), scores.market, scores.movement)
    return _Said(scores, calibration, odds)


def _recorded(
    week: WeekSignals, trainer: Trainer, heads: Heads, said: Mapping[int, _Said], loud: NDArray[np.intp]
) -> RecordedWeek | None:
    if not len(loud):
        return None
    symbols = tuple(trainer.study.panel.tokens[j].symbol for j in loud.tolist())
    return RecordedWeek(week.date, symbols, {h: _view(said[h], heads.calibration[h], loud) for h in said})


def _view(said: _Said, calibration: Calibration, loud: NDArray[np.intp]) -> View:
    """The heads' own scores, silenced or not, so that a silenced head can earn its say back; and the odds as said."""
    members = np.nan_to_num(said.scores.members[loud])  # the month's head may be too young to speak: no lean
    return View(
        members=members,
        relative=calibration.beat_log_odds(members.mean(axis=1)),
        movement=said.scores.movement[loud],
        market=said.scores.market,
        market_base=said.scores.market_base,
        odds=_whole(said.odds[loud], said.base),
        base=said.base,
    )


def _whole(odds: Floats, base: Floats) -> Floats:
    """Odds with the base rates where nothing was said."""
    return np.where(np.isfinite(odds), odds, base)


def _spoken(study: Study, i: int) -> NDArray[np.intp]:
    """Columns of every non-stable token of the top 100 and every theme member that is still heard of."""
    panel, row = study.panel, study.panel.row(study.dates[i] - dt.timedelta(days=1))
    named = np.array([token.kind is not TokenKind.STABLE for token in panel.tokens])
    themed = np.array([token.kind is TokenKind.COIN and bool(token.themes) for token in panel.tokens])
    recent = panel.observed[max(row - SPOKEN_STALE_DAYS, 0) : row + 1].any(axis=0)
    with np.errstate(invalid="ignore"):
        top = panel.rank[row] <= SPOKEN_RANK
    return np.flatnonzero(named & recent & (top | themed))


def _market_view(trainer: Trainer, i: int, heads: Heads, silent: bool) -> MarketView:
    head = heads.fitted.market[WEEK]
    if head is None:
        return MarketView(0.5, 0.5, ())
    if silent:
        return MarketView(head.base, head.base, ())
    parts = head.contributions(trainer.material.market[i])
    reasons = tuple(_reason(name, float(c), float(c) > 0) for name, c in zip(MARKET_INPUTS, parts, strict=True) if c)
    ordered = tuple(sorted(reasons, key=lambda r: -abs(r.contribution)))
    return MarketView(head.probability(float(parts.sum())), head.base, ordered)


def _reason(name: str, contribution: float, high: bool) -> Reason:
    feature = CATALOGUE[name]
    return Reason(name, feature.family, contribution, feature.up if high else feature.down)


def _odds(chances: Floats) -> Odds:
    return Odds(*(float(p) for p in chances))


def _bare(trainer: Trainer, i: int, j: int, base: Floats, why: str | None) -> Signal:
    """No call: base rates, no strength, the reason, and what is known of the token all the same."""
    study, panel, rates = trainer.study, trainer.study.panel, _odds(base)
    row = panel.row(study.dates[i] - dt.timedelta(days=1))
    close, before, sigma = panel.close[row, j], panel.close[max(row - 7, 0), j], study.sigma[i, j]
    return Signal(
        symbol=panel.tokens[j].symbol,
        odds=rates,
        base=rates,
        relative=None,
        conviction=0.0,
        grade=grade(rates),
        reasons=(),
        abstained=why,
        points_present=study.features.present(i, j),
        points_total=study.features.total,
        missing_families=study.features.missing_families(i, j),
        volatility=float(sigma) if np.isfinite(sigma) else None,
        close=float(close) if np.isfinite(close) else None,
        return_7d=float(close / before - 1) if np.isfinite(close) and np.isfinite(before) else None,
    )


def _signal(
    at: Instant, j: int, said: Mapping[int, _Said], parts: Parts | None, k: int, past: Mapping[str, list[float]]
) -> Signal:
    week, bare = said[WEEK], _bare(at.trainer, at.i, j, said[WEEK].base, None)
    odds, strength = _odds(week.odds[j]), float(conviction(week.odds[j], week.base))
    return replace(
        bare,
        odds=odds,
        relative=float(week.calibration.beat_log_odds(week.scores.members[j].mean())),
        conviction=strength,
        grade=grade(odds),
        reasons=_reasons(at.trainer, at.i, j, at.heads),
        steady=float(np.mean([strength, *past.get(bare.symbol, ())])),
        families=_families(at, j, parts, k) if parts else (),
        month=_outlook(said[MONTH], j) if at.heads.fitted.relative[MONTH] else None,
    )


def _outlook(month: _Said, j: int) -> Outlook:
    odds = _odds(month.odds[j])
    return Outlook(MONTH, odds, _odds(month.base), float(conviction(month.odds[j], month.base)), grade(odds))


def _families(at: Instant, j: int, parts: Parts, k: int) -> tuple[FamilyView, ...]:
    counts = at.study.features.family_counts(at.i, j)
    heard = at.study.features.families_heard(range(max(at.i - FAMILY_MEMORY_WEEKS, 0), at.i), j)
    silent = heard - at.study.features.families_heard([at.i], j)
    return tuple(
        FamilyView(
            family=family,
            contribution=float(parts.contribution[k, f]),
            without=float(parts.without[k, f]),
            grade=grade(_odds(parts.alone[k, f])),
            present=counts[family][0],
            total=counts[family][1],
            stale=family in silent,
        )
        for f, family in enumerate(FAMILIES)
    )


def _past_strengths(record: Record, as_of: dt.date) -> dict[str, list[float]]:
    """{symbol: strengths} of the weeks before `as_of` that the steady strength looks back on."""
    past: dict[str, list[float]] = {}
    for week in record:
        if week.date >= as_of - dt.timedelta(weeks=STEADY_WEEKS - 1):
            for symbol, strength in zip(week.symbols, week.conviction.tolist(), strict=True):
                past.setdefault(symbol, []).append(strength)
    return past


def _reasons(trainer: Trainer, i: int, j: int, heads: Heads) -> tuple[Reason, ...]:
    """The strongest parts of the score of the classifier that can be read, for and against, in falling size."""
    head = heads.fitted.relative[WEEK]
    assert head is not None
    ranks = trainer.ranks(i)[j]
    parts = head.contributions(ranks)
    strongest = sorted(range(len(parts)), key=lambda f: (-abs(parts[f]), trainer.names[f]))[:REASONS_KEPT]
    return tuple(_reason(trainer.names[f], float(parts[f]), bool(ranks[f] > 0)) for f in strongest if parts[f])


def _note(heads: Heads, silenced: tuple[str, ...], weeks: int) -> str:
    """One sentence where heads have no say or the record is too short to judge them; else nothing."""
    if not heads.speaks:
        return "The models have too little history to speak: until they do, indices follow their written rules alone."
    if "relative" in silenced:
        return (
            "Over the last year our order of tokens was no better than chance, so nothing is said of which is better: "
            "indices follow their written rules alone."
        )
    if "movement" in silenced:
        return "Over the last year our odds of a large move were no better than base rates, so these are said."
    return "The record is still too short to say whether these odds beat base rates." if weeks < SHORT_RECORD else ""

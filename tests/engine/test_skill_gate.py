"""A head that was no better than its base rate over the last year has no say, and earns it back by its own record."""

import datetime as dt

import numpy as np
import pytest

from engine.record import Record, RecordedWeek, View
from engine.skill import GAINS, MIN_WEEKS, SKILL_WEEKS, saved, silenced_heads, trailing_skill
from engine.study import build_study

HEADS = tuple(GAINS)


@pytest.fixture(scope="module")
def study(market):
    return build_study(market)


def recorded(study, i, good):
    """A week in which every head leans the way it then went, or, if not `good`, the other way."""
    columns = np.flatnonzero(study.universe[i] & np.isfinite(study.forward[i]) & (study.outcomes()[i] >= 0))
    moved = study.forward[i, columns]
    middle = np.median(study.forward[i, study.universe[i] & np.isfinite(study.forward[i])])
    way = 0.2 if good else -0.2
    beat, left = moved > middle, study.outcomes()[i, columns] != 1
    view = View(
        members=np.where(beat, way, -way)[:, None].repeat(3, axis=1),
        relative=np.where(beat, way, -way),
        movement=np.where(left, way, -way),
        market=way if middle > 0 else -way,
        market_base=0.5,
        odds=np.full((len(columns), 3), 1 / 3),
        base=np.array([0.35, 0.3, 0.35]),
    )
    return RecordedWeek(study.dates[i], tuple(study.panel.tokens[j].symbol for j in columns), {7: view})


def weeks_with_peers(study):
    return [
        i for i in study.complete_before(study.dates[-1]) if (study.outcomes()[i][study.universe[i]] >= 0).sum() > 9
    ]


def skill(study, goods):
    rows = weeks_with_peers(study)[-len(goods) :]
    record = Record(recorded(study, i, good) for i, good in zip(rows, goods, strict=True))
    return trailing_skill(study, record, study.dates[-1], study.outcomes())


@pytest.mark.rule("3.8")
def test_a_head_worse_than_its_base_rate_is_silenced_and_a_better_one_is_not(study):
    good, bad = skill(study, [True] * 40), skill(study, [False] * 40)
    assert all(gain > 0 for gain in good.values()) and silenced_heads(good) == ()
    assert all(gain < 0 for gain in bad.values()) and silenced_heads(bad) == HEADS


@pytest.mark.rule("3.8")
def test_a_record_too_short_to_tell_silences_nobody(study):
    assert silenced_heads(skill(study, [False] * (MIN_WEEKS - 1))) == ()
    assert silenced_heads(skill(study, [False] * MIN_WEEKS)) == HEADS


@pytest.mark.rule("3.8")
def test_only_the_last_year_counts(study):
    assert len(weeks_with_peers(study)) >= SKILL_WEEKS + 20
    assert silenced_heads(skill(study, [False] * 20 + [True] * SKILL_WEEKS)) == ()


@pytest.mark.rule("3.8")
def test_what_was_not_yet_known_does_not_count(study):
    rows = weeks_with_peers(study)[-40:]
    record = Record(recorded(study, i, False) for i in rows)
    before = study.dates[rows[MIN_WEEKS - 1]] + dt.timedelta(days=7)  # the week's last close is of that very day
    assert silenced_heads(trailing_skill(study, record, before, study.outcomes())) == ()
    assert silenced_heads(trailing_skill(study, record, before + dt.timedelta(days=1), study.outcomes())) == HEADS


def test_weeks_in_which_a_head_said_nothing_do_not_count(study):
    rows = weeks_with_peers(study)[-40:]
    quiet = Record(
        RecordedWeek(w.date, w.symbols, {7: View(v.members, 0 * v.relative, 0 * v.movement, 0.0, 0.5, v.odds, v.base)})
        for w in (recorded(study, i, True) for i in rows)
        for v in (w.week,)
    )
    assert set(trailing_skill(study, quiet, study.dates[-1], study.outcomes()).values()) == {None}


def test_what_is_saved_is_the_difference_of_two_log_losses():
    base = np.log(0.6 / 0.4)
    p = 1 / (1 + np.exp(-(base + 0.3)))
    assert saved(np.array([0.3, 0.3]), base, np.array([True, False])) == pytest.approx(
        [np.log(p / 0.6), np.log((1 - p) / 0.4)]
    )

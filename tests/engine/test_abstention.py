"""Reasons to make no call: each is given where it holds, the first of them where several do, and none to the others."""

from dataclasses import replace

import numpy as np
import pytest

from engine.abstention import DISAGREE, REASONS, STALE_SHARE, STALE_WEEKS, Instant, why_abstain
from engine.model import TokenKind
from engine.models.familiar import fit_familiar
from engine.record import Record
from engine.study import WEEK, build_study
from engine.walkforward import Trainer


@pytest.fixture(scope="module")
def trainer(market):
    return Trainer(build_study(market))


@pytest.fixture(scope="module")
def at(trainer):
    """The last instant at which somebody has a call."""
    i = len(trainer.study.dates) - 1
    heads = trainer.heads(trainer.study.dates[i], Record())
    return Instant(trainer, heads, trainer.scores(i, heads, WEEK), i)


def raw_of(at):
    """What all weeks' ranks were made of (weeks, tokens, features)."""
    return at.trainer.material.values[:, :, at.trainer.columns].copy()


def spoilt(at, raw=None, members=None, familiar=None):
    """The same instant with other inputs."""
    trainer = Trainer.__new__(Trainer)
    trainer.__dict__ = dict(at.trainer.__dict__)
    if raw is not None:
        values = trainer.material.values.copy()
        values[:, :, trainer.columns] = raw
        trainer.material = replace(trainer.material, values=values)
    heads = replace(at.heads, fitted=replace(at.heads.fitted, familiar=familiar or at.heads.fitted.familiar))
    scores = at.scores if members is None else replace(at.scores, members=members)
    return Instant(trainer, heads, scores, at.i)


@pytest.fixture(scope="module")
def fine(at):
    """Columns of tokens on which a call is made."""
    return [j for j in np.flatnonzero(at.study.universe[at.i]).tolist() if why_abstain(at, j) is None]


def test_most_of_the_universe_gets_a_call(at, fine):
    assert len(fine) > 0.7 * at.study.universe[at.i].sum() > 5


@pytest.mark.rule("3.5")
@pytest.mark.parametrize("share", [STALE_SHARE + 0.02, STALE_SHARE - 0.04])
def test_a_token_a_fifth_of_whose_data_went_silent_gets_no_call(at, fine, share):
    raw, j = raw_of(at), fine[0]
    known = np.flatnonzero(np.isfinite(raw[at.i - STALE_WEEKS, j]) & np.isfinite(raw[at.i, j]))
    raw[at.i, j, known[: int(share * len(known)) + 1]] = np.nan
    told = why_abstain(spoilt(at, raw=raw), j)
    assert told == ("a fifth of its data has gone stale" if share >= STALE_SHARE else None)


@pytest.mark.rule("3.5")
def test_inputs_unlike_anything_in_training_get_no_call(at, fine):
    raw, j = raw_of(at), fine[0]
    members = raw[: at.i, at.study.universe[at.i]].reshape(-1, raw.shape[2]).astype(float)
    raw[at.i, j] = np.where(np.isfinite(raw[at.i, j]), 1e8, np.nan)
    strange = spoilt(at, raw=raw, familiar=fit_familiar(members))
    assert why_abstain(strange, j) == "nothing like it was seen in training"
    assert why_abstain(strange, fine[1]) is None


@pytest.mark.rule("3.5")
@pytest.mark.parametrize(
    ("low", "high", "torn"),
    [(-1.3, 1.3, True), (-DISAGREE, 0.1, True), (-1.0, 1.0, False), (0.1, DISAGREE + 1, False)],
)
def test_classifiers_far_apart_on_opposite_sides_make_no_call(at, fine, low, high, torn):
    members = at.scores.members.copy()
    members[fine[0]] = (low, (low + high) / 2, high)
    told = why_abstain(spoilt(at, members=members), fine[0])
    assert told == ("the models disagree" if torn else None)


@pytest.mark.rule("3.5")
def test_the_first_reason_is_the_one_that_is_told(at, fine):
    panel = at.panel
    tokens = list(panel.tokens)
    tokens[fine[0]] = replace(tokens[fine[0]], kind=TokenKind.WRAPPED)
    members = at.scores.members.copy()
    members[fine[0]] = (-9, 0, 9)
    both = spoilt(at, members=members)
    both.trainer.study = replace(at.study, panel=replace(panel, tokens=tuple(tokens)))
    reasons = [why for reason in REASONS if (why := reason(both, fine[0]))]
    assert reasons == ["a wrapped copy follows its original", "the models disagree"]
    assert why_abstain(both, fine[0]) == reasons[0]

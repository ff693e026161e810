"""What a week is labelled: the return from the fill to the close seven days on, against what is usual for the token."""

import datetime as dt
from dataclasses import replace

import numpy as np
import pytest

from engine.study import UNIVERSE_RANK, build_study

CALLS = {0: "bearish", 1: "neutral", 2: "bullish", -1: "unknown"}


@pytest.fixture(scope="module")
def study(market):
    return build_study(market)


def by_hand(panel, date, column):
    """The label of one token and week as the methodology words it."""
    row = (date - panel.dates[0].item()).days
    close = panel.close[:, column]
    before = np.diff(np.log(close[max(row - 31, 0) : row]))
    known = before[np.isfinite(before)]
    if row + 7 >= len(close) or len(known) < 20 or not np.isfinite(close[[row, row + 7]]).all():
        return "unknown"
    move, usual = np.log(close[row + 7] / close[row]), 0.3 * known.std(ddof=1) * np.sqrt(7)
    return "bullish" if move > usual else "bearish" if move < -usual else "neutral"


@pytest.mark.rule("1.3")
def test_a_week_runs_from_its_fill_to_the_close_seven_days_on(study):
    panel, outcomes = study.panel, study.outcomes()
    rows = range(6, len(study.dates), 5)
    found = [[CALLS[int(c)] for c in outcomes[i]] for i in rows]
    expected = [[by_hand(panel, study.dates[i], j) for j in range(len(panel.tokens))] for i in rows]
    assert found == expected
    assert {call for week in found for call in week} == set(CALLS.values())


@pytest.mark.rule("1.3", "3.1")
def test_a_label_is_complete_only_when_its_last_close_is_known(study):
    at = study.dates[50]
    known = [study.dates[i] for i in study.complete_before(at)]
    assert known == [d for d in study.dates if d + dt.timedelta(days=7) < at]
    cut = build_study(study.panel.until(at))
    rows = [cut.dates.index(d) for d in known]
    assert np.array_equal(cut.outcomes()[rows], study.outcomes()[[study.dates.index(d) for d in known]])
    assert (cut.outcomes()[[i for i, d in enumerate(cut.dates) if d not in known]] == -1).all()


def test_who_is_learned_from_is_of_a_theme_or_among_the_first_200(market):
    """A token of a theme stays whatever its rank; one of no theme goes with it."""
    tokens = tuple(replace(t, themes=("defi",) * (i % 2)) for i, t in enumerate(market.tokens))
    close = replace(market, tokens=tokens, rank=np.full(market.close.shape, float(UNIVERSE_RANK)))
    near, out = (build_study(p).universe[-1] for p in (close, replace(close, rank=close.rank + 1)))
    themed = np.array([bool(token.themes) for token in tokens])
    assert near[~themed].any() and near[themed].any()
    assert not out[~themed].any()
    assert (out[themed] == near[themed]).all()

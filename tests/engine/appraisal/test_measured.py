"""The committed figures are sound, of today's catalogue, and hold no series; measuring writes what reading reads."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pytest

from engine.appraisal.ics import LEAST_WEEKS
from engine.appraisal.measured import Finding, Findings, between, findings, measure, parse, written
from engine.appraisal.overlap import SAME
from engine.errors import BadConfiguration, BadRequest
from engine.features import CATALOGUE
from engine.panel import Panel
from engine.study import Study, build_study


@pytest.fixture(scope="module")
def study(market: Panel) -> Study:
    return build_study(market)


def test_the_committed_figures_are_of_entries_that_there_are_and_of_nearly_all() -> None:
    measured = findings().entries
    assert set(measured) <= set(CATALOGUE), "measure anew: an entry has gone"
    assert len(measured) >= 0.9 * len(CATALOGUE), "measure anew: too many entries are new"
    assert [name for name in CATALOGUE if name in measured] == list(measured)


def test_no_two_entries_said_the_same_on_the_real_market() -> None:
    """No padding: of two entries beyond 0.98 one would count."""
    near = {name: found for name, found in findings().entries.items() if found.closest in CATALOGUE}
    assert len(near) > 0.85 * sum(entry.counted for entry in CATALOGUE.values()), (
        "few are known of too few tokens to have ranks"
    )
    assert {name: found.closest for name, found in near.items() if abs(found.correlation) > SAME} == {}


def test_a_committed_figure_is_a_rank_correlation_over_weeks_of_its_period() -> None:
    found = findings()
    weeks = (found.end - found.start).days // 7 + 1
    assert found.start.weekday() == found.end.weekday() == 0
    for name, entry in found.entries.items():
        assert 0 <= entry.weeks <= weeks, name
        assert (entry.ic is None) == (entry.t is None) == (entry.weeks < LEAST_WEEKS), name
        assert entry.ic is None or abs(entry.ic) < 0.5, name


def test_what_is_written_is_what_is_read() -> None:
    found = Findings(
        dt.date(2021, 1, 4),
        dt.date(2021, 12, 27),
        {"return_7d": Finding(52, -0.012, -1.25, "rsi_14", 0.9), "nvt_28d": Finding(3)},
    )
    assert parse(written(found)) == found
    assert "nvt_28d = { weeks = 3 }" in written(found).splitlines()


PERIOD = "[period]\nfrom = 2021-01-04\nto = 2021-02-01\n"


@pytest.mark.parametrize(
    "text", ["nonsense", "", PERIOD, "[period]\n[entries]\nx = {weeks = 1}", f"{PERIOD}[entries]\nx = {{ice = 1}}"]
)
def test_a_file_of_something_else_is_refused(text: str) -> None:
    with pytest.raises(BadConfiguration, match=r"measured\.toml does not hold"):
        parse(text)


def test_measuring_covers_the_catalogue_within_its_period(study: Study) -> None:
    found = measure(study, dt.date(2022, 1, 3), dt.date(2022, 12, 26))
    assert list(found.entries) == list(CATALOGUE)
    assert max(entry.weeks for entry in found.entries.values()) == 52
    assert found.entries["return_7d"].closest in CATALOGUE
    assert parse(written(found)) == found


def test_a_part_of_a_study_holds_its_instants_alone_and_an_empty_one_is_refused(study: Study) -> None:
    part = between(study, dt.date(2022, 1, 5), dt.date(2022, 2, 1))
    assert part.dates == tuple(dt.date(2022, 1, day) for day in (10, 17, 24, 31))
    i = study.week(part.dates[0])
    np.testing.assert_array_equal(part.features.token_values, study.features.token_values[i : i + 4])
    np.testing.assert_array_equal(part.features.market_values, study.features.market_values[i : i + 4])
    for name in ("universe", "sigma", "forward"):
        np.testing.assert_array_equal(getattr(part, name), getattr(study, name)[i : i + 4])
    with pytest.raises(BadRequest, match="no Monday from 1999"):
        between(study, dt.date(1999, 1, 4), dt.date(1999, 2, 1))

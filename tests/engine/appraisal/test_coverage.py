"""Coverage counts what was known, of whom, in which year."""

from __future__ import annotations

import numpy as np
import pytest

from engine.appraisal.coverage import entry_coverage, family_coverage, shares_of, token_coverage, traded
from engine.features import CATALOGUE, FAMILIES
from engine.panel import Panel
from engine.study import Study, build_study


@pytest.fixture(scope="module")
def study(market: Panel) -> Study:
    return build_study(market)


def _weeks(study: Study, year: int) -> list[int]:
    return [i for i, day in enumerate(study.features.dates.tolist()) if day.year == year]


def test_an_entry_counts_the_token_weeks_of_the_universe_that_know_it(study: Study) -> None:
    coverage, table = entry_coverage(study), study.features
    assert coverage.names == tuple(CATALOGUE) and coverage.years == (2021, 2022, 2023)
    weeks = _weeks(study, 2022)
    inside = study.universe[weeks]
    known = np.isfinite(table.token_values[weeks][:, :, table.token_names.index("mvrv")])
    assert coverage.by_year()["mvrv"][2022] == pytest.approx((known & inside).sum() / inside.sum())
    assert 0 < coverage.by_year()["mvrv"][2022] < 1


def test_what_is_known_of_the_market_is_known_of_every_token(study: Study) -> None:
    coverage, table = entry_coverage(study), study.features
    weeks = _weeks(study, 2021)
    known = np.isfinite(table.market_values[weeks, table.market_names.index("headline_tone_7d")])
    members = study.universe[weeks].sum(axis=1)
    assert coverage.by_year()["headline_tone_7d"][2021] == pytest.approx((known * members).sum() / members.sum())


def test_a_family_is_the_mean_of_its_entries_and_all_that_of_the_catalogue(study: Study) -> None:
    entries, families = entry_coverage(study).by_year(), family_coverage(study).by_year()
    assert list(families) == [*FAMILIES, "all"]
    price = [entries[name][2022] for name, entry in CATALOGUE.items() if entry.family == "price"]
    assert families["price"][2022] == pytest.approx(np.mean(price))
    counted = [row[2022] for name, row in entries.items() if CATALOGUE[name].counted]
    assert families["all"][2022] == pytest.approx(np.mean(counted)) and len(counted) < len(entries)


def test_a_token_is_covered_over_the_weeks_that_begin_with_its_candle(study: Study) -> None:
    shares = token_coverage(study).by_year()
    assert set(shares) == set(study.panel.symbols)
    dead, late = shares["DEAD"], shares["LATE"]
    assert dead[2023] is None and dead[2022] > 0.5, "it stopped in 2022"
    assert late[2021] is None and late[2022] is not None
    column, table = study.panel.column("BTC"), study.features
    present = [table.present(i, column) for i in _weeks(study, 2022)]
    assert shares["BTC"][2022] == pytest.approx(np.mean(present) / table.total)


def test_one_tokens_families_are_its_own(study: Study) -> None:
    btc, dead = shares_of(study, "BTC"), shares_of(study, "DEAD")
    assert btc["all"][2022] == pytest.approx(token_coverage(study).by_year()["BTC"][2022])
    assert dead["price"][2023] is None
    assert btc["on-chain"][2022] > shares_of(study, "XRP")["on-chain"][2022], "nothing on chain is known of XRP"
    with pytest.raises(KeyError):
        shares_of(study, "NOPE")


def test_a_week_begins_with_a_candle_where_its_last_seen_day_has_one(study: Study) -> None:
    alive = traded(study)
    for i in (3, 60, 120):
        row = study.panel.row(study.features.dates[i].item())
        assert alive[i].tolist() == study.panel.observed[row].tolist()

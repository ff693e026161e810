"""What `crier features --coverage` says of a history, and of whom."""

import datetime as dt

import pytest

from bot.appraising import coverage, coverage_lines
from engine.errors import BadRequest
from engine.features import CATALOGUE, FAMILIES
from engine.panel import build_panel
from engine.sources.simulated import SimulatedMarket
from engine.study import build_study


@pytest.fixture(scope="module")
def study():
    market = SimulatedMarket(end=dt.date(2024, 3, 4), years=0.7)
    return build_study(build_panel(market, market.end))


def test_without_a_choice_the_families_are_told(study):
    assert list(coverage(study, None, None)) == [*FAMILIES, "all"]


def test_a_family_is_told_by_its_entries(study):
    told = coverage(study, "on-chain", None)
    assert list(told) == [name for name, entry in CATALOGUE.items() if entry.family == "on-chain"]


def test_one_token_is_told_by_families_and_all_by_their_symbols(study):
    btc = coverage(study, None, "btc")
    assert list(btc) == [*FAMILIES, "all"]
    every = coverage(study, None, "all")
    assert set(every) == set(study.panel.symbols)
    assert every["BTC"][2023] == pytest.approx(btc["all"][2023])
    with pytest.raises(BadRequest, match="no candle of a token called 'nope'"):
        coverage(study, None, "nope")


def test_lines_are_no_wider_than_a_terminal_and_a_year_without_a_week_has_a_dash():
    shares = {"volume_return_correlation_30d": {year: None if year == 2018 else 0.457 for year in range(2016, 2024)}}
    lines = list(coverage_lines(shares, "the universe"))
    assert max(map(len, lines)) <= 80
    assert lines[1].split() == [str(year) for year in range(2018, 2024)]
    assert lines[2].split() == ["volume_return_correlation_30d", "-", *["46"] * 5]

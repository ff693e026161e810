"""What the engine would read if the day closed now is what it does read when the day closes there."""

import datetime as dt
from dataclasses import replace

import numpy as np
import pytest
from pydantic import TypeAdapter

from engine.eligibility import eligible
from engine.model import MarketView, RiskStep
from engine.modes import modes
from engine.provisional import BACK, Day, Eve, basis, closing, dry, eve_of, scores, step_near, step_next, step_sure
from engine.risk import read_components, score_of
from engine.themes import themes

MARKET = MarketView(0.52, 0.5, ())
NORMAL, RAISED, HIGH = RiskStep.NORMAL, RiskStep.RAISED, RiskStep.HIGH
BALANCED = modes()["balanced"]
MONDAY = dt.date(2026, 11, 23)


@pytest.fixture(scope="module")
def market(make_panel, calm_paths):
    """400 days with a fall at the end, outside series, and supplies that grow."""
    paths = calm_paths(days=400)
    for symbol, path in paths.items():
        if symbol not in ("USDC", "DAI"):
            path[-5:] *= np.linspace(0.95, 0.7, 5) if symbol == "BTC" else np.linspace(0.97, 0.6, 5)
    series = {"fear_greed": 60.0, "vix": 18.0, "other": 1.0}
    measures = {name: np.full(400, value) for name, value in series.items()}
    measures["stablecoin_supply"] = 1e11 * 1.001 ** np.arange(400)
    panel = make_panel(paths, market_measures=measures)
    growth = 1 + np.arange(400)[:, None] * np.linspace(0, 1e-3, len(panel.tokens))
    return replace(panel, supply=panel.supply * growth)


def stored(panel):
    """Candles as they are stored."""
    return {
        symbol: [
            Day(str(date), float(close), float(volume), "venue")
            for date, close, volume in zip(panel.dates, panel.close[:, j], panel.volume[:, j], strict=True)
            if np.isfinite(close)
        ]
        for j, symbol in enumerate(panel.symbols)
    }


def provisional(panel, prices=None, volumes=None, eve=None):
    """The last day of a panel as it would have been read before it closed."""
    before = panel.until(panel.dates[-1].item())
    eve = eve or eve_of(before, MARKET)
    last = dict(zip(panel.symbols, panel.close[-1].tolist(), strict=True))
    traded = dict.fromkeys(panel.symbols, 1e6)
    small = basis(eve, panel.tokens, stored(before))
    return eve, closing(small, eve, last | (prices or {}), traded | (volumes or {}))


def read(panel, eve):
    """The score of each index that the whole panel gives over the eve's members, outside series as on the eve."""
    last = {name: np.append(values[:-1], values[-2]) for name, values in panel.market_measures.items()}
    supply = panel.supply.copy()
    supply[-1] = supply[-2]
    seen = replace(panel, market_measures=last, supply=supply)
    columns = {i: np.array([panel.column(s) for s in names], dtype=np.intp) for i, names in eve.members.items()}
    return {i: score_of(read_components(seen, found, MARKET)) for i, found in columns.items() if len(found)}


@pytest.mark.parametrize("days", [400, 300, 150])
def test_the_score_at_the_closes_is_the_one_that_the_whole_panel_reads(market, days):
    panel = market.until(market.dates[0].item() + dt.timedelta(days=days))
    eve, small = provisional(panel)
    assert set(eve.members["defi"]) == {
        panel.symbols[j] for j in eligible(themes()["defi"], panel.until(eve.as_of)).columns
    }
    found, whole = scores(eve, small), read(panel, eve)
    assert found == pytest.approx(whole)
    assert found.keys() >= {"defi", "large"}


def test_it_moves_with_the_price_of_this_moment(market):
    eve, small = provisional(market)
    fallen = {symbol: 0.5 * price for symbol, price in zip(market.symbols, market.close[-1].tolist(), strict=True)}
    assert scores(eve, provisional(market, fallen)[1])["defi"] > scores(eve, small)["defi"]


def test_an_eve_is_small_and_survives_being_stored(market):
    eve = eve_of(market, MARKET)
    codec = TypeAdapter(Eve)
    text = codec.dump_json(eve)
    assert codec.validate_json(text) == eve
    assert len(text) < 20_000
    assert eve.as_of == market.as_of
    assert set(eve.series) == {"fear_greed", "vix", "stablecoin_supply"}
    assert {len(values) for values in eve.series.values()} == {BACK}


def test_what_an_eve_does_not_know_is_left_out(market):
    holed = market.close.copy()
    holed[:, market.column("T03")] = np.nan
    eve = eve_of(replace(market, close=holed), MARKET)
    assert eve.capital["T03"][::2] == (None, None)
    assert "T03" not in eve.members["defi"]
    codec = TypeAdapter(Eve)
    assert codec.validate_json(codec.dump_json(eve)) == eve


def test_nothing_is_said_where_the_leader_or_a_third_of_the_members_has_no_price(market):
    eve, _ = provisional(market)
    symbols = eve.members["defi"]
    nothing = float("nan")
    assert scores(eve, provisional(market, {"BTC": nothing})[1]) == {}
    few = dict.fromkeys(symbols[: len(symbols) // 3 + 1], nothing)
    assert "defi" not in scores(eve, provisional(market, few)[1])
    assert "defi" in scores(eve, provisional(market, {symbols[0]: nothing})[1])


@pytest.mark.parametrize(
    "score, held, decided, as_of, step",
    [
        (44.9, NORMAL, MONDAY, MONDAY + dt.timedelta(days=2), NORMAL),
        (45.0, NORMAL, MONDAY, MONDAY + dt.timedelta(days=2), RAISED),
        (45.0, NORMAL, MONDAY, MONDAY + dt.timedelta(days=1), NORMAL),  # it rests for two days after a fill
        (40.0, NORMAL, MONDAY, MONDAY + dt.timedelta(days=7), RAISED),  # Mondays go by the plain bounds
        (39.9, NORMAL, MONDAY, MONDAY + dt.timedelta(days=7), NORMAL),
        (0.0, HIGH, MONDAY, MONDAY + dt.timedelta(days=7), HIGH),
        (99.0, RAISED, MONDAY, MONDAY + dt.timedelta(days=3), RiskStep.EXTREME),
    ],
)
def test_the_next_step_is_the_one_that_the_methods_own_rules_would_take(score, held, decided, as_of, step):
    assert step_next(score, BALANCED, held, decided, as_of) is step


def test_a_step_is_sure_five_points_past_its_bound_and_near_at_it():
    day = MONDAY + dt.timedelta(days=3)
    assert step_sure(50.0, BALANCED, NORMAL, MONDAY, day) is RAISED
    assert step_sure(49.9, BALANCED, NORMAL, MONDAY, day) is NORMAL
    assert step_sure(99.0, BALANCED, NORMAL, MONDAY, MONDAY + dt.timedelta(days=1)) is NORMAL  # it rests
    assert step_sure(0.0, BALANCED, NORMAL, MONDAY, MONDAY + dt.timedelta(days=7)) is NORMAL  # on any day
    assert step_sure(0.0, BALANCED, NORMAL, MONDAY, day) is NORMAL
    assert step_near(45.0, BALANCED, NORMAL, day) is RAISED
    assert step_near(44.9, BALANCED, NORMAL, day) is NORMAL


def test_a_drought_is_read_by_the_methods_own_rule(make_panel, calm_paths):
    panel = make_panel(calm_paths(days=100))
    volume = panel.volume.copy()
    volume[-3:, panel.column("T01")] = 0.09e6
    volume[-2:, panel.column("T02")] = 0.09e6  # not long enough
    whole = replace(panel, volume=volume)
    assert dry(whole, panel.symbols) == {"T01"}
    volumes = dict(zip(panel.symbols, volume[-1].tolist(), strict=True))
    assert dry(provisional(whole, volumes=volumes)[1], panel.symbols) == {"T01"}
    assert dry(provisional(whole, volumes={"T01": 0.11e6})[1], ["T01", "NOBODY"]) == frozenset()
    assert dry(provisional(whole, volumes={"T01": float("nan")})[1], ["T01"]) == frozenset()


def test_volume_is_compared_with_the_same_venues_alone(make_panel, calm_paths):
    panel = make_panel(calm_paths(days=100))
    volume, venue = panel.volume.copy(), panel.venue.copy()
    volume[-3:, panel.column("T01")] = 0.05e6
    venue[-2:, panel.column("T01")] = 1
    assert dry(replace(panel, volume=volume, venue=venue), ["T01"]) == frozenset()

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import fields, replace

import numpy as np
import pytest

from engine.features import CATALOGUE, FAMILIES, SOCIAL, FeatureTable, compute_features
from engine.features.feature import Inputs
from engine.features.table import evaluate
from engine.indicators import INDICATORS
from engine.measures import KINDS
from engine.model import Headline
from engine.panel import Panel
from engine.sentiment import score

Cut = Callable[..., Panel]
ROWS = [99, 250, 640, 778, 899]
SENTIMENT_NAMES = [name for name, feature in CATALOGUE.items() if feature.family == "sentiment"]
MARKET_HEAD = (
    "market_return_28d",
    "btc_trend_100d",
    "market_breadth",
    "fear_greed_level",
    "stablecoin_growth_28d",
    "vix_z",
)


@pytest.fixture(scope="module")
def inputs(market: Panel) -> Inputs:
    return Inputs(market)


@pytest.fixture(scope="module")
def values(inputs: Inputs) -> dict[str, np.ndarray]:
    return {name: evaluate(feature, inputs) for name, feature in CATALOGUE.items()}


@pytest.fixture(scope="module")
def table(market: Panel) -> FeatureTable:
    return compute_features(market, ROWS)


@pytest.fixture(scope="module")
def truncated(market: Panel, cut: Cut) -> Mapping[int, Inputs]:
    return {last: Inputs(cut(market, 0, last)) for last in (431, 620, 811)}


@pytest.fixture(scope="module")
def rewritten(market: Panel) -> Inputs:
    """The same past with another future: every observation after row 700 is scrambled or gone."""
    rng = np.random.default_rng(11)

    def scramble(x: np.ndarray) -> np.ndarray:
        out = x.copy()
        if out.dtype == np.float64:
            out[700:] = np.where(
                rng.uniform(size=out[700:].shape) < 0.2, np.nan, out[700:] * rng.lognormal(0, 2, out[700:].shape)
            )
        return out

    arrays = {f.name: scramble(getattr(market, f.name)) for f in fields(market) if f.name in (
        "open", "high", "low", "close", "volume", "supply", "rank", "market_volume")}  # fmt: skip
    return Inputs(replace(
        market, **arrays,
        token_measures={name: scramble(x) for name, x in market.token_measures.items()},
        market_measures={name: scramble(x) for name, x in market.market_measures.items()},
        headlines=tuple(h for h in market.headlines if h.known < str(market.dates[700])),
    ))  # fmt: skip


@pytest.fixture(scope="module")
def recent(market: Panel, cut: Cut) -> Mapping[int, Inputs]:
    return {last: Inputs(cut(market, last - 400, last)) for last in (450, 560, 690, 800, 900)}


@pytest.mark.parametrize("name", CATALOGUE)
def test_an_entry_says_what_it_is(name: str) -> None:
    feature = CATALOGUE[name]
    assert feature.name == name and feature.family in FAMILIES and feature.scope in ("token", "chain", "market")
    assert feature.formula and feature.unit and feature.source
    assert feature.up and feature.down and feature.up != feature.down
    assert max(len(feature.up), len(feature.down)) <= 50, "one line on a phone"
    assert 1 <= feature.window <= 365 and feature.scale > 0


@pytest.mark.parametrize("name", CATALOGUE)
def test_an_entry_states_the_publication_lag_of_its_sources(name: str) -> None:
    metrics = [part for part in CATALOGUE[name].source.split(", ") if part in KINDS]
    assert CATALOGUE[name].lag == max((KINDS[metric].lag for metric in metrics), default=0)


def test_the_catalogue_is_as_large_as_promised_and_covers_every_family() -> None:
    assert len(CATALOGUE) >= 120
    assert {feature.family for feature in CATALOGUE.values()} == set(FAMILIES)
    assert {feature.scope for feature in CATALOGUE.values()} == {"token", "chain", "market"}
    technical = {name for name, feature in CATALOGUE.items() if feature.family == "technical"}
    assert technical == {name for name, indicator in INDICATORS.items() if indicator.cross_section}


def test_what_the_market_head_reads_is_in_the_catalogue() -> None:
    assert all(CATALOGUE[name].scope == "market" for name in MARKET_HEAD)


@pytest.mark.parametrize("name", CATALOGUE)
def test_a_feature_has_the_shape_of_its_scope_and_is_alive_and_finite(
    name: str, market: Panel, values: dict[str, np.ndarray]
) -> None:
    expected = market.dates.shape if CATALOGUE[name].scope == "market" else market.close.shape
    assert values[name].shape == expected
    assert not np.isinf(values[name]).any()
    assert np.nanstd(values[name]) > 0


@pytest.mark.parametrize("name", CATALOGUE)
def test_cutting_off_the_future_changes_no_past_value(
    name: str, values: dict[str, np.ndarray], truncated: Mapping[int, Inputs]
) -> None:
    """F29"""
    for last, cut_off in truncated.items():
        np.testing.assert_array_equal(evaluate(CATALOGUE[name], cut_off), values[name][:last])


@pytest.mark.parametrize("name", CATALOGUE)
def test_another_future_changes_no_past_value(name: str, values: dict[str, np.ndarray], rewritten: Inputs) -> None:
    """F29"""
    np.testing.assert_array_equal(evaluate(CATALOGUE[name], rewritten)[:700], values[name][:700])


@pytest.mark.parametrize("name", CATALOGUE)
def test_the_last_400_bars_alone_give_the_same_last_value(
    name: str, values: dict[str, np.ndarray], recent: Mapping[int, Inputs]
) -> None:
    """F30"""
    for last, alone in recent.items():
        _assert_same(name, values[name][last - 1], evaluate(CATALOGUE[name], alone)[-1])


@pytest.mark.parametrize("family", ["price", "volume & liquidity"])
def test_both_contracts_hold_on_real_history(family: str, real: Panel, cut: Cut) -> None:
    features = [f for f in CATALOGUE.values() if f.family == family]
    whole, past = Inputs(real), Inputs(cut(real, 0, 1417))
    alone = {last: Inputs(cut(real, last - 400, last)) for last in (1240, 1417, len(real.dates))}
    for feature in features:
        values = evaluate(feature, whole)
        np.testing.assert_array_equal(evaluate(feature, past), values[:1417])
        for last, bars in alone.items():
            _assert_same(feature.name, values[last - 1], evaluate(feature, bars)[-1])


def _assert_same(name: str, whole: np.ndarray, alone: np.ndarray) -> None:
    np.testing.assert_array_equal(np.isnan(whole), np.isnan(alone), err_msg=name)
    gap, size = np.abs(whole - alone), np.maximum(np.abs(whole), CATALOGUE[name].scale)
    assert (gap[np.isfinite(gap)] <= 1e-6 * size[np.isfinite(gap)]).all(), name


def test_only_the_chosen_rows_are_kept(market: Panel, table: FeatureTable, values: dict[str, np.ndarray]) -> None:
    assert table.dates.tolist() == [market.dates[row].item() for row in ROWS]
    assert table.symbols == tuple(market.symbols)
    for j, name in enumerate(table.token_names):
        np.testing.assert_array_equal(table.token_values[:, :, j], values[name][ROWS].astype(np.float32))
    for j, name in enumerate(table.market_names):
        np.testing.assert_array_equal(table.market_values[:, j], values[name][ROWS])
    assert set(table.token_names) | set(table.market_names) == set(CATALOGUE)


def test_a_dropped_feature_is_there_and_empty(market: Panel, table: FeatureTable) -> None:
    less = compute_features(market, [899], dropped={"rsi_14", "vix_z", "unheard_of"})
    assert less.dropped == ("rsi_14", "vix_z")
    assert np.isnan(less.token_values[:, :, less.token_names.index("rsi_14")]).all()
    assert np.isnan(less.market_values[:, less.market_names.index("vix_z")]).all()
    rest = [j for j, name in enumerate(less.token_names) if name != "rsi_14"]
    np.testing.assert_array_equal(less.token_values[0][:, rest], table.token_values[-1][:, rest])


def test_of_a_long_history_only_the_lasting_features_are_kept(market: Panel, table: FeatureTable) -> None:
    part = compute_features(market, ROWS, first=2, lasting=["rsi_14", "volatility_30d"])
    np.testing.assert_array_equal(part.token_values, table.token_values[2:])
    np.testing.assert_array_equal(part.market_values, table.market_values)
    for name, values in part.lasting.items():
        np.testing.assert_array_equal(values, table.token_values[:, :, table.token_names.index(name)])
    assert part.present(3, 0) == table.present(3, 0)
    with pytest.raises(IndexError, match="before row 2"):
        part.present(1, 0)


def test_present_counts_what_is_known_of_a_token_and_of_the_market(market: Panel, table: FeatureTable) -> None:
    assert table.total == sum(feature.counted for feature in CATALOGUE.values()) < len(CATALOGUE)
    btc, dead = market.column("BTC"), market.column("DEAD")
    shown = [j for j, name in enumerate(table.token_names) if CATALOGUE[name].counted]
    common = int(np.isfinite(table.market_values[4][[CATALOGUE[n].counted for n in table.market_names]]).sum())
    assert table.total * 0.9 < table.present(4, btc) <= table.total
    assert table.present(4, dead) == common + int(np.isfinite(table.token_values[4, dead][shown]).sum())
    assert table.present(4, btc) > table.present(4, dead)


def test_a_family_that_knows_nothing_of_a_token_is_named(market: Panel, table: FeatureTable) -> None:
    assert table.missing_families(4, market.column("BTC")) == ()
    assert table.missing_families(4, market.column("XRP")) == ("on-chain", "sentiment")
    assert {"price", "technical"} <= set(table.missing_families(4, market.column("DEAD")))
    quiet = compute_features(replace(market, market_measures={}, token_measures={}), [150])
    assert "macro" not in quiet.missing_families(0, market.column("BTC")), "the market's own return is macro too"
    assert "sentiment" in quiet.missing_families(0, market.column("BTC"))


def test_a_token_without_candles_has_no_features_of_price_volume_or_chart(market: Panel, table: FeatureTable) -> None:
    for symbol, row in (("DEAD", 4), ("LATE", 2), ("GAPPY", 2)):
        known = np.isfinite(table.token_values[row, market.column(symbol)])
        named = {CATALOGUE[n].family for n, k in zip(table.token_names, known, strict=True) if k}
        assert not named & {"price", "volume & liquidity", "technical"}, symbol


def test_an_absent_leader_or_source_makes_features_missing_not_wrong(market: Panel) -> None:
    columns = [i for i, token in enumerate(market.tokens) if token.symbol not in ("BTC", "ETH")]
    arrays = {
        f.name: getattr(market, f.name)[:, columns] for f in fields(market)
        if isinstance(getattr(market, f.name), np.ndarray) and f.name != "dates"
    }  # fmt: skip
    bare = replace(
        market, **arrays, tokens=tuple(market.tokens[i] for i in columns),
        token_measures={}, market_measures={}, headlines=(),
    )  # fmt: skip
    table = compute_features(bare, [899])
    known = dict(zip(table.token_names, np.isfinite(table.token_values[0]).any(axis=0), strict=True))
    assert not known["beta_60d"] and not known["mvrv"] and known["return_7d"]
    known = dict(zip(table.market_names, np.isfinite(table.market_values[0]), strict=True))
    assert not known["btc_trend_100d"] and not known["vix_z"] and known["market_breadth"]


def _at(values: dict[str, np.ndarray], name: str, market: Panel, symbol: str, row: int = 899) -> float:
    return float(values[name][row, market.column(symbol)])


def test_returns_and_volatility_are_those_of_the_log_closes(market: Panel, values: dict[str, np.ndarray]) -> None:
    logs = np.log(market.close[:, market.column("ETH")])
    assert _at(values, "return_28d", market, "ETH") == pytest.approx(logs[-1] - logs[-29])
    assert _at(values, "return_90d_skip_14d", market, "ETH") == pytest.approx(logs[-15] - logs[-91])
    moves = np.diff(logs)
    assert _at(values, "volatility_30d", market, "ETH") == pytest.approx(np.std(moves[-30:], ddof=1))
    assert _at(values, "high_distance_90d", market, "ETH") == pytest.approx(logs[-1] - logs[-90:].max())
    falls = np.minimum(moves[-30:], 0)
    assert _at(values, "downside_volatility_30d", market, "ETH") == pytest.approx(np.sqrt((falls**2).mean()))


def test_what_is_measured_against_the_leader_is_so(market: Panel, values: dict[str, np.ndarray]) -> None:
    moves = np.diff(np.log(market.close[-61:]), axis=0)
    btc, eth = moves[:, market.column("BTC")], moves[:, market.column("ETH")]
    slope, base = np.polyfit(btc, eth, 1)
    assert _at(values, "beta_60d", market, "ETH") == pytest.approx(slope)
    rest = eth - slope * btc - base
    assert _at(values, "own_volatility_60d", market, "ETH") == pytest.approx(np.std(rest, ddof=1))
    assert _at(values, "residual_return_28d", market, "ETH") == pytest.approx(eth[-28:].sum() - slope * btc[-28:].sum())
    assert _at(values, "beta_60d", market, "BTC") == pytest.approx(1)
    assert np.isnan(_at(values, "own_volatility_60d", market, "BTC"))


def test_volumes_of_two_venues_are_never_compared(market: Panel, values: dict[str, np.ndarray]) -> None:
    ratio = values["volume_ratio_7_30"][:, market.column("VENUES")]
    assert np.isfinite(ratio[599]) and np.isnan(ratio[600:629]).all() and np.isfinite(ratio[629])
    assert abs(ratio[629]) < 1, "the new venue shows fifty times the volume"


def test_the_market_is_made_of_ranked_coins_only(market: Panel, inputs: Inputs, values: dict[str, np.ndarray]) -> None:
    assert not inputs.members[:, market.column("STABLE")].any()
    row = 899
    moves = np.log(market.close[row] / market.close[row - 28])[inputs.members[row]]
    assert values["market_return_28d"][row] == pytest.approx(np.nanmedian(moves))
    window = market.close[row - 49 : row + 1]
    seen = np.isfinite(window).sum(axis=0)
    above = market.close[row] > np.nansum(window, axis=0) / np.maximum(seen, 1)
    assert values["market_breadth"][row] == pytest.approx(above[inputs.members[row] & (seen >= 40)].mean())


def test_dominance_does_not_move_when_a_token_merely_leaves_the_ranking(market: Panel) -> None:
    supply = market.supply.copy()
    supply[860:, market.column("SOL")] = np.nan  # it left the ranking
    flat = replace(market, close=np.where(market.observed, 1.0, np.nan), supply=supply)
    still = evaluate(CATALOGUE["btc_dominance_change_28d"], Inputs(flat))
    assert still[850:890] == pytest.approx(0)


def test_headlines_count_from_the_day_they_are_known(market: Panel, values: dict[str, np.ndarray]) -> None:
    row = 899
    news = [h for h in market.headlines if not h.social and not h.subject]
    read = {(h.known, h.title): h for h in news}.values()  # the same line twice is one
    week = [h for h in read if h.known > str(market.dates[row - 7])]
    months = [h for h in read if h.known > str(market.dates[row - 60])]
    surprise = np.log((len(week) / 7) / (len(months) / 60))
    assert values["headline_count_surprise"][row] == pytest.approx(surprise)
    about = [sum("Bitcoin" in h.title for h in lines) for lines in (week, months)]
    expected = np.log((1 + about[0]) / (1 + about[1] * 7 / 60))
    assert _at(values, "mention_surprise", market, "BTC") == pytest.approx(expected)
    assert np.isnan(values["headline_tone_7d"][:400]).all(), "no headline had been read by then"
    assert _at(values, "mention_tone_28d", market, "BTC") > 0 > _at(values, "mention_tone_28d", market, "ETH")


def _news_by_day(market: Panel, text: str) -> np.ndarray:
    """Headlines of each day that hold a text, copies left out."""
    read = {(h.known, h.title) for h in market.headlines if not h.social and not h.subject and text in h.title}
    return np.array([sum(known == str(day) for known, _ in read) for day in market.dates], dtype=np.float64)


def test_what_decays_counts_half_after_a_week_and_nothing_after_sixty_days(
    market: Panel, values: dict[str, np.ndarray]
) -> None:
    counts = _news_by_day(market, "Bitcoin")[-60:]
    weights = 0.5 ** (np.arange(60)[::-1] / 7)
    assert _at(values, "mention_volume_decayed", market, "BTC") == pytest.approx(np.log1p((weights * counts).sum()))
    one_headline = score("Bitcoin soars to a great new high")
    assert _at(values, "mention_tone_decayed", market, "BTC") == pytest.approx(one_headline)
    assert _at(values, "mention_disagreement_60d", market, "BTC") == pytest.approx(0, abs=1e-6)


def test_shares_of_all_mentions_sum_to_one(market: Panel, values: dict[str, np.ndarray]) -> None:
    for name in ("mention_share_28d", "social_mention_share_28d"):
        assert np.nansum(values[name][899]) == pytest.approx(1)
        assert np.isnan(values[name][899, market.column("XRP")]), "nobody speaks of it"


def test_news_and_posts_are_never_mixed(market: Panel, values: dict[str, np.ndarray]) -> None:
    kinds = {False: [name for name in SENTIMENT_NAMES if name not in SOCIAL], True: list(SOCIAL)}
    for social, names in kinds.items():
        alone = Inputs(replace(market, headlines=tuple(h for h in market.headlines if h.social == social)))
        for name in names:
            np.testing.assert_array_equal(evaluate(CATALOGUE[name], alone), values[name], err_msg=name)
        for name in kinds[not social]:
            if CATALOGUE[name].source in ("headlines", "posts"):
                assert np.isnan(evaluate(CATALOGUE[name], alone)).all(), name


def test_what_offices_say_is_mixed_with_no_news(market: Panel, values: dict[str, np.ndarray]) -> None:
    offices = {"press releases": "central bank", "economic news": "economy"}
    without = Inputs(replace(market, headlines=tuple(h for h in market.headlines if h.subject not in offices.values())))
    for name in SENTIMENT_NAMES:
        np.testing.assert_array_equal(evaluate(CATALOGUE[name], without), values[name], err_msg=name)
    for source, subject in offices.items():
        alone = Inputs(replace(market, headlines=tuple(h for h in market.headlines if h.subject == subject)))
        names = [name for name, feature in CATALOGUE.items() if feature.source == source]
        assert len(names) == 3 and not any(CATALOGUE[name].learned for name in names)
        for name in names:
            np.testing.assert_array_equal(evaluate(CATALOGUE[name], alone), values[name], err_msg=name)
            assert np.isnan(evaluate(CATALOGUE[name], without)).all(), name


def test_social_features_are_those_whose_name_says_so() -> None:
    assert len(SOCIAL) == 10
    assert {CATALOGUE[name].source for name in SOCIAL} == {"posts"}
    assert {name for name, feature in CATALOGUE.items() if feature.source == "posts"} == set(SOCIAL)


def test_a_token_that_has_yet_to_trade_is_not_spoken_of(market: Panel) -> None:
    known = "2022-06-01"  # LATE has its first candle on 2022-12-02, DEAD its last in May
    lines = [Headline(f"{known} 09:00:00", "Paper", "", title, known) for title in ("LATE and BTC rise", "DEAD rises")]
    news = Inputs(replace(market, headlines=tuple(lines))).news
    row = market.row(dt.date.fromisoformat(known))
    spoken = {symbol for symbol, count in zip(market.symbols, news.mentions[row], strict=True) if count}
    assert spoken == {"BTC", "DEAD"}, "DEAD stopped two weeks before"
    assert news.count[row, 0] == 2


def test_a_series_compares_with_itself_weeks_ago(market: Panel, values: dict[str, np.ndarray]) -> None:
    supply = market.market_measures["stablecoin_supply"]
    assert values["stablecoin_growth_28d"][899] == pytest.approx(np.log(supply[899] / supply[871]))
    vix = market.market_measures["vix"][-180:]
    assert values["vix_z"][899] == pytest.approx((vix[-1] - vix.mean()) / vix.std(ddof=1))
    assert market.as_of == dt.date(2023, 6, 20)

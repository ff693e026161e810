"""The simulated market is reproducible, labelled, plausible, and as eventful as it promises."""

from __future__ import annotations

import datetime as dt
import hashlib
import subprocess
import sys
from collections import Counter
from itertools import pairwise

import numpy as np
import pytest

from engine.errors import BadConfiguration
from engine.measures import KINDS
from engine.model import TokenKind
from engine.panel import Panel, build_panel
from engine.sentiment import score
from engine.sources.simulated import DEFAULT_END, MAX_YEARS, MIN_YEARS, SimulatedMarket
from engine.sources.simulated_fates import Stream, draw_from

SEED = 5
FAMILIES = {kind.name: kind.family for kind in KINDS.values()}
SEEDS = (0, 1, 2, 3)


@pytest.fixture(scope="module")
def market() -> SimulatedMarket:
    return SimulatedMarket(SEED)


@pytest.fixture(scope="module")
def panel(market: SimulatedMarket) -> Panel:
    return build_panel(market, market.end)


@pytest.fixture(scope="module")
def coins(panel: Panel) -> np.ndarray:
    return np.array([token.kind is TokenKind.COIN for token in panel.tokens])


def digest(market: SimulatedMarket) -> str:
    """A fingerprint of every row the market ever prints."""
    seen = hashlib.sha256()
    rows = (
        market.tokens(),
        market.candles(market.end),
        market.snapshots(market.end),
        market.measures(market.end, sorted(KINDS)),
        market.headlines(market.end),
    )
    for table in rows:
        for row in table:
            seen.update(repr(row).encode())
    return seen.hexdigest()


def returns(panel: Panel) -> np.ndarray:
    return np.diff(np.log(panel.close), axis=0)


def week_return(market: SimulatedMarket, column: int, first: int, last: int) -> float:
    """Log return of a token from the close before row `first` to that of row `last` - 1."""
    logs = np.log(market.paths.price[:, column])
    return float(logs[last - 1] - logs[first - 1])


def test_the_same_seed_gives_the_same_bytes_even_in_another_process() -> None:
    code = (
        "import sys; sys.path[:0] = sys.argv[1:]\n"
        "from engine.sources.simulated import SimulatedMarket as M\n"
        "import hashlib; m = M(3, years=0.5)\n"
        "h = hashlib.sha256()\n"
        "[h.update(repr(r).encode()) for r in m.candles(m.end)]\n"
        "[h.update(repr(r).encode()) for r in m.headlines(m.end)]\n"
        "print(h.hexdigest())"
    )
    runs = {
        subprocess.run(
            [sys.executable, "-c", code, *sys.path],
            env={"PYTHONHASHSEED": hashing},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for hashing in ("1", "2")
    }
    here = SimulatedMarket(3, years=0.5)
    rows = "".join(repr(row) for row in (*here.candles(here.end), *here.headlines(here.end)))
    assert runs == {hashlib.sha256(rows.encode()).hexdigest() + "\n"}


def test_the_same_seed_prints_the_same_rows_and_another_seed_other_ones() -> None:
    first, again, other = (digest(SimulatedMarket(seed, years=1)) for seed in (1, 1, 2))
    assert first == again
    assert first != other


def test_another_order_of_reading_changes_nothing() -> None:
    late, early = SimulatedMarket(1, years=1), SimulatedMarket(1, years=1)
    list(late.headlines(late.end)), list(late.measures(late.end, ["vix"])), list(late.candles(late.start))
    assert digest(late) == digest(early)


def test_each_purpose_draws_numbers_of_its_own() -> None:
    draws = {float(draw_from(1, stream).random()) for stream in Stream}
    assert len(draws) == len(Stream)


def test_the_cast_has_five_themes_and_says_that_it_is_simulated(market: SimulatedMarket) -> None:
    tokens = market.tokens()
    themes = Counter(theme for token in tokens for theme in token.themes)
    kinds = Counter(token.kind for token in tokens)
    assert 55 <= len(tokens) <= 70
    assert themes["defi"] >= 12
    assert min(themes[name] for name in ("l1", "ai", "meme", "rwa")) >= 9
    assert kinds[TokenKind.STABLE] >= 3
    assert kinds[TokenKind.WRAPPED] == 1
    assert len({token.symbol for token in tokens}) == len({token.id for token in tokens}) == len(tokens)
    assert all(token.name.endswith("(simulated)") for token in tokens)


def test_everything_it_prints_says_simulated(market: SimulatedMarket, panel: Panel) -> None:
    assert market.is_simulated()
    assert panel.simulated
    assert all(candle.source.startswith("SIMULATED") for candle in market.candles(market.end))
    assert all(measure.source == "SIMULATED" for measure in market.measures(market.end, KINDS))
    assert all(line.title.startswith("SIMULATED:") and "SIMULATED" in line.source for line in panel.headlines)


def test_the_last_candle_is_of_the_day_before_the_end(market: SimulatedMarket, panel: Panel) -> None:
    assert panel.as_of == market.end == DEFAULT_END
    assert DEFAULT_END.weekday() == 0
    assert np.isfinite(panel.close[-1]).sum() >= 55
    assert (panel.dates[0].item(), len(panel.dates)) == (market.start, 1461)


def test_nothing_later_than_asked_for_is_printed(market: SimulatedMarket) -> None:
    before = dt.date(2024, 3, 18)
    limit = before.isoformat()
    dates = [candle.date for candle in market.candles(before)]
    assert max(dates) == "2024-03-17"
    assert all(row.date < limit for row in market.snapshots(before))
    assert all(row.known < limit for row in market.measures(before, KINDS))
    assert all(row.known < limit for row in market.headlines(before))
    assert not list(market.candles(market.start))


def test_a_panel_built_early_equals_the_same_days_of_one_built_late(market: SimulatedMarket, panel: Panel) -> None:
    as_of = dt.date(2024, 3, 18)
    early, cut = build_panel(market, as_of), panel.until(as_of)
    columns = [cut.column(symbol) for symbol in early.symbols]
    for name in ("open", "high", "low", "close", "volume", "supply", "rank"):
        np.testing.assert_array_equal(getattr(early, name), getattr(cut, name)[:, columns])
    for metric, line in early.market_measures.items():
        np.testing.assert_array_equal(line, cut.market_measures[metric])
    assert early.headlines == cut.headlines


def test_bars_are_consistent_positive_and_finite(panel: Panel) -> None:
    seen = panel.observed
    for sheet in (panel.open, panel.close, panel.volume):
        assert np.isfinite(sheet[seen]).all()
        assert (sheet[seen] > 0).all()
    ranged = np.isfinite(panel.high)
    assert (panel.low[ranged] > 0).all()
    assert (panel.low[ranged] <= np.minimum(panel.open, panel.close)[ranged]).all()
    assert (panel.high[ranged] >= np.maximum(panel.open, panel.close)[ranged]).all()
    assert (panel.estimated[seen & ~ranged]).all()
    assert ranged.sum() > 0.9 * seen.sum()


def test_measures_are_known_kinds_seen_after_their_lag(market: SimulatedMarket) -> None:
    last: dict[tuple[str, str], str] = {}
    for row in market.measures(market.end, KINDS):
        late = dt.date.fromisoformat(row.known) - dt.date.fromisoformat(row.date)
        assert late.days == KINDS[row.metric].lag
        assert np.isfinite(row.value)
        assert last.get((row.metric, row.subject), "") < row.date
        last[row.metric, row.subject] = row.date
    families = Counter(FAMILIES[metric] for metric, _ in last)
    assert set(families) == {"on-chain", "sentiment", "macro"}
    scopes = {KINDS[metric].scope for metric, _ in last}
    assert scopes == {"token", "chain", "market"}
    assert all((KINDS[metric].scope == "market") == (subject == "") for metric, subject in last)


def test_a_third_of_the_tokens_has_on_chain_data(panel: Panel) -> None:
    watched = np.isfinite(panel.token_measures["active_addresses"]).any(axis=0)
    assert 18 <= watched.sum() <= 24
    assert watched[panel.column("BTC")]


def test_fear_and_greed_stays_in_its_scale_and_follows_the_leader(panel: Panel) -> None:
    mood = panel.market_measures["fear_greed"]
    logs = np.log(panel.close[:, panel.column("BTC")])
    assert mood.min() >= 0
    assert mood.max() <= 100
    assert np.corrcoef(mood[31:], (logs[30:-1] - logs[:-31]))[0, 1] > 0.5


def test_fear_and_greed_of_a_morning_has_not_seen_that_day(panel: Panel) -> None:
    step = np.diff(panel.market_measures["fear_greed"])[31:]
    day = np.diff(np.log(panel.close[:, panel.column("BTC")]))
    assert np.corrcoef(step, day[30:-1])[0, 1] > 0.2
    assert abs(np.corrcoef(step, day[31:])[0, 1]) < 0.12


def test_headlines_come_a_few_a_day_and_their_tone_follows_the_news(market: SimulatedMarket, panel: Panel) -> None:
    news = [line for line in panel.headlines if not line.social]
    assert 1.5 < len(news) / len(panel.dates) < 5
    move = returns(panel)
    good = bad = 0.0
    for line in news:
        day = dt.date.fromisoformat(line.published_at[:10])
        column, row = panel.column(line.subject), panel.row(day)
        if column is None or row == 0 or not np.isfinite(move[row - 1, column]):
            continue
        good += move[row - 1, column] if "surges" in line.title or "rallies" in line.title else 0.0
        bad += move[row - 1, column] if "plunges" in line.title or "slumps" in line.title else 0.0
    assert good > 1.0
    assert bad < -1.0


def test_posts_have_authors_and_follow_what_has_just_moved(panel: Panel) -> None:
    posts = [line for line in panel.headlines if line.social]
    authors = Counter(post.author for post in posts)
    assert 2 < len(posts) / len(panel.dates) < 7
    assert 40 < len(authors) <= 80
    assert authors.most_common(1)[0][1] > 5 * np.median(list(authors.values())), "some are loud"
    move = returns(panel)
    mood = {True: 0.0, False: 0.0}
    for post in posts:
        column, row = panel.column(post.subject), panel.row(dt.date.fromisoformat(post.known))
        if column is not None and row and np.isfinite(move[row - 1, column]) and abs(score(post.title)) > 0.2:
            mood[score(post.title) > 0] += move[row - 1, column]
    assert mood[True] > 1.0
    assert mood[False] < -1.0


def test_the_leader_leads_every_ranking(market: SimulatedMarket) -> None:
    rankings: dict[str, list[tuple[int, int, float]]] = {}
    for row in market.snapshots(market.end):
        rankings.setdefault(row.date, []).append((row.rank, row.token, row.market_cap))
    assert len(rankings) == 48
    assert all(date.endswith("-01") for date in rankings)
    for rows in rankings.values():
        assert [rank for rank, _, _ in rows] == list(range(1, len(rows) + 1))
        assert rows[0][1] == 1
        assert all(a[2] >= b[2] for a, b in pairwise(rows))


def test_a_dead_token_leaves_the_ranking_and_the_tape(market: SimulatedMarket, panel: Panel) -> None:
    dead = [column for column, end in enumerate(market.fates.ends) if end < len(panel.dates)]
    assert len(dead) == 2
    for column in dead:
        stop = (market.start + dt.timedelta(days=int(market.fates.ends[column]))).isoformat()
        ranked = [row.date for row in market.snapshots(market.end) if row.token == column + 1]
        assert ranked
        assert max(ranked) < stop
        last = np.flatnonzero(panel.observed[:, panel.column(market.cast[column].symbol)])[-1]
        assert panel.dates[last].item().isoformat() < stop


def test_tokens_are_born_at_different_times_and_some_are_very_young(panel: Panel) -> None:
    first = panel.observed.argmax(axis=0)
    assert (first == 0).sum() >= 25
    assert len(set(first.tolist())) >= 10
    assert 1 <= ((len(panel.dates) - first) < 90).sum() <= 5


def test_history_has_holes_estimated_ranges_and_changes_of_venue(panel: Panel) -> None:
    alive_later = np.flip(np.logical_or.accumulate(np.flip(panel.observed, 0), axis=0), 0)
    holes = panel.gap & alive_later
    assert holes.any(axis=0).sum() >= 2
    assert panel.estimated.any(axis=0).sum() >= 2
    venues = [len(set(codes[codes >= 0].tolist())) for codes in panel.venue.T]
    assert 1 <= venues.count(2) <= 4


def test_returns_have_fat_tails_and_clustered_volatility(panel: Panel, coins: np.ndarray) -> None:
    moves = returns(panel)[:, coins]
    fat, clustered = [], []
    for line in moves.T:
        known = line[np.isfinite(line)]
        if len(known) > 500:
            z = (known - known.mean()) / known.std()
            fat.append((z**4).mean())
            clustered.append(np.corrcoef(np.abs(z[1:]), np.abs(z[:-1]))[0, 1])
    assert np.median(fat) > 4
    assert np.median(clustered) > 0.05


@pytest.mark.parametrize("seed", SEEDS)
def test_a_theme_moves_together_more_than_the_market_does(seed: int) -> None:
    market = SimulatedMarket(seed)
    columns = [
        c for c, part in enumerate(market.cast)
        if part.is_coin and part.theme and market.fates.born[c] == 0 and market.fates.alive[-1, c]
    ]  # fmt: skip
    related = np.corrcoef(np.diff(np.log(market.paths.price[:, columns]), axis=0).T)
    theme = np.array([market.cast[c].theme for c in columns])
    same = (theme[:, None] == theme) & ~np.eye(len(theme), dtype=bool)
    assert related[same].mean() > related[theme[:, None] != theme].mean() + 0.03


@pytest.mark.parametrize("seed", SEEDS)
def test_one_token_collapses_and_stops_trading(seed: int) -> None:
    market = SimulatedMarket(seed)
    column, row = market.fates.disasters.collapse
    prices = {candle.date: candle.close for candle in market.candles(market.end) if candle.token == column + 1}
    before = prices[(market.start + dt.timedelta(days=row - 1)).isoformat()]
    after = prices[(market.start + dt.timedelta(days=row + 5)).isoformat()]
    assert after / before < 0.0015
    assert max(prices) < (market.end - dt.timedelta(days=60)).isoformat()


@pytest.mark.parametrize("seed", SEEDS)
def test_one_stablecoin_loses_its_peg_for_days_and_recovers(seed: int) -> None:
    market = SimulatedMarket(seed)
    column, row = market.fates.disasters.depeg
    stables = [c for c, part in enumerate(market.cast) if part.token.kind is TokenKind.STABLE]
    price = market.paths.price
    broken = np.abs(price[:, stables] - 1) > 0.01
    assert 4 <= broken.sum() <= 8
    assert np.flatnonzero(broken.any(axis=0)).tolist() == [stables.index(column)]
    assert 0.86 < price[:, column].min() < 0.88
    assert abs(price[row + 12, column] - 1) < 0.005


@pytest.mark.parametrize("seed", SEEDS)
def test_a_crash_takes_nearly_half_of_everything_within_a_week(seed: int) -> None:
    market = SimulatedMarket(seed)
    row = market.fates.disasters.crash
    coins = [c for c, part in enumerate(market.cast) if part.is_coin and market.fates.alive[row : row + 7, c].all()]
    falls = [np.expm1(week_return(market, c, row, row + 7)) for c in coins]
    assert -0.65 < float(np.median(falls)) < -0.35
    assert 100 < row < len(market.paths.market) - 100


@pytest.mark.parametrize("seed", SEEDS)
def test_the_story_rises_turns_and_ends_in_a_fall(seed: int) -> None:
    market, plain = SimulatedMarket(seed), SimulatedMarket(seed, story=False)
    days, cast = len(market.paths.market), market.script
    a, b, c = days - 28, days - 14, days - 7
    defi = [i for i, part in enumerate(market.cast) if part.theme == "defi" and market.fates.born[i] < a - 60]

    def median(first: int, last: int) -> float:
        return float(np.median([week_return(market, i, first, last) for i in defi]))

    assert cast.turner is not None
    assert cast.climber is not None
    assert median(a, b) > 0
    assert np.mean([week_return(market, i, a, b) for i in cast.risers]) > median(a, b) + 0.05
    assert week_return(market, cast.turner, b, c) < -0.12
    assert week_return(market, cast.turner, b, c) < median(b, c) - 0.15
    assert week_return(market, cast.climber, b - 3, c) > 0.08
    assert market.paths.volume[b:c, cast.turner].mean() > plain.paths.volume[b:c, cast.turner].mean()
    assert market.paths.activity[c, cast.turner] < market.paths.activity[b - 1, cast.turner] - 0.15
    assert median(c, days) < -0.15
    assert market.paths.market[c:].sum() < -0.08
    calm, storm = market.paths.deviation[a:c], market.paths.deviation[c:]
    assert np.median(storm) > 1.3 * np.median(calm)


def test_the_story_leaves_the_history_before_it_alone() -> None:
    told, untold = SimulatedMarket(SEED), SimulatedMarket(SEED, story=False)
    before = told.end - dt.timedelta(days=60)
    assert list(told.candles(before)) == list(untold.candles(before))
    assert list(told.headlines(before)) == list(untold.headlines(before))
    assert list(told.candles(told.end)) != list(untold.candles(told.end))


def test_the_story_is_told_to_the_last_monday_whatever_the_end() -> None:
    market = SimulatedMarket(SEED, end=dt.date(2026, 7, 2))
    monday = (dt.date(2026, 6, 29) - market.start).days
    cast = market.script
    assert cast.bear == monday - 7
    assert cast.turner is not None
    assert week_return(market, cast.turner, monday - 14, monday - 7) < -0.12


def test_other_seeds_cast_other_tokens_in_the_story() -> None:
    assert len({(m.script.turner, m.script.climber) for m in (SimulatedMarket(seed, years=1) for seed in range(6))}) > 2


def test_drift_is_found_in_the_past_but_does_not_give_everything_away() -> None:
    """The 28-day trend and the growth of activity rank next week's returns a little, over four seeds."""
    trend, activity = [], []
    for seed in SEEDS:
        market = SimulatedMarket(seed, story=False)
        coins = [c for c, p in enumerate(market.cast) if p.is_coin and market.fates.alive[:, c].all()]
        logs, grown = np.log(market.paths.price[:, coins]), market.paths.activity[:, coins]
        for row in range(120, len(logs) - 8, 7):
            coming = logs[row + 8] - logs[row + 1]
            trend.append(rank_correlation(logs[row] - logs[row - 28], coming))
            activity.append(rank_correlation(grown[row] - grown[row - 28], coming))
    assert 0.03 < np.mean(trend) < 0.2
    assert 0.08 < np.mean(activity) < 0.35


def rank_correlation(a: np.ndarray, b: np.ndarray) -> float:
    return float(np.corrcoef(a.argsort().argsort(), b.argsort().argsort())[0, 1])


@pytest.mark.parametrize("years", [MIN_YEARS, 1, 6.5])
def test_shorter_and_longer_histories_are_told_too(years: float) -> None:
    market = SimulatedMarket(11, dt.date(2025, 3, 5), years)
    panel = build_panel(market, market.end)
    assert len(panel.dates) == round(years * 365.25)
    assert np.isfinite(panel.market_cap[-1]).sum() >= 50


@pytest.mark.parametrize(("seed", "years"), [(-1, 4), (1, MIN_YEARS - 0.1), (1, MAX_YEARS + 1), (1, float("nan"))])
def test_a_market_that_cannot_be_told_is_refused(seed: int, years: float) -> None:
    with pytest.raises(BadConfiguration):
        SimulatedMarket(seed, years=years)

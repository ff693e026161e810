"""Who may be in an index: every bar by a token that fails it alone, and what its holder reads then."""

from dataclasses import replace
from math import ceil

import numpy as np
import pytest
from hypothesis import given, strategies as st

from engine.eligibility import BARS, JOIN_CAP, JOIN_VOLUME, STAY, eligible, passive_members, why_not_eligible
from engine.facts import AGE_DAYS, COPY_WORDS, JUMP, SANE_DAYS
from engine.model import TokenKind
from engine.themes import theme, themes

DAYS = 260
NAMES = ("AAA", "BBB", "CCC", "DDD", "EEE", "TTT")  # by falling supply; TTT is the one that is spoilt
SUPPLY = {name: 1e9 / (k + 1) for k, name in enumerate(NAMES)} | {"USDC": 1e9}
DEFI = theme("defi")
NAN = float("nan")


def walks(seed=3, days=DAYS, names=NAMES):
    rng = np.random.default_rng(seed)
    return {name: np.exp(np.cumsum(rng.normal(0, 0.03, days))) for name in names} | {"USDC": np.ones(days)}


@pytest.fixture
def build(make_panel):
    """A market where all may join, but for what the changes say of TTT."""

    def make(path=lambda closes: closes, token=None, supply=None, volume=1e8, **changed):
        closes = walks() | changed
        closes["TTT"] = path(closes["TTT"].copy())
        panel = make_panel(
            closes,
            supply=SUPPLY if supply is None else SUPPLY | {"TTT": supply},
            market_volume=dict.fromkeys(closes, 1e8) | {"TTT": volume},
        )
        spoilt = panel.column("TTT")
        tokens = tuple(replace(t, **(token or {})) if k == spoilt else t for k, t in enumerate(panel.tokens))
        return replace(panel, tokens=tokens)

    return make


def members(panel, *args, entry=DEFI, **kwargs):
    return [panel.tokens[j].symbol for j in eligible(entry, panel, *args, **kwargs).columns]


def after(rows, value=NAN):
    def path(closes):
        closes[rows] = value
        return closes

    return path


def times(row, factor):
    def path(closes):
        closes[row] *= factor
        return closes

    return path


TRIPS = {  # bar -> what spoils TTT, what is asked with it, what its holder reads
    "kind": ({"token": {"kind": TokenKind.WRAPPED}}, {}, "it is a stablecoin or a copy of another token"),
    "theme": ({"token": {"themes": ("ai",)}}, {}, "it left the theme"),
    "exclusion": ({}, {"excluded": {"TTT": "court order"}}, "an admin keeps it out: court order"),
    "age": ({"path": after(slice(0, DAYS - AGE_DAYS + 1))}, {}, "it is younger than 90 days"),
    "coverage": ({"path": after(slice(-60, -50))}, {}, "its prices have holes"),
    "freshness": ({"path": after(slice(-2, None))}, {}, "its last price is too old"),
    "price": ({"path": times(-1, 1000.0)}, {}, "its price moved tenfold in a day and is not trusted yet"),
    "ranking": ({"supply": NAN}, {}, "it fell out of the top 200"),
    "capitalisation": ({"supply": 1e3}, {}, "it has become too small"),
    "liquidity": ({"volume": JOIN_VOLUME * STAY * 0.99}, {}, "too little of it is traded"),
    "twins": ({"path": lambda _: walks()["AAA"] * 0.5}, {}, "it moves just like AAA, which is larger"),
    "largest": (
        {"supply": JOIN_CAP * 1.1 / walks()["TTT"][-1]},
        {"entry": replace(DEFI, candidates=4, size=4)},
        "it is no longer among the 4 largest",
    ),
    "calmest": (
        {"path": lambda closes: closes * np.exp(0.1 * (np.arange(DAYS) % 2))},
        {"calmer": 0.5},
        "it is too wild for this mode",
    ),
}


def test_every_bar_has_a_token_that_trips_it_and_a_rule_of_its_own():
    assert [bar.name for bar in BARS] == list(TRIPS)
    assert [bar.rule for bar in BARS] == [f"2.{k}" for k in range(1, len(BARS) + 1)]
    assert len({bar.sentence for bar in BARS}) == len(BARS)


@pytest.mark.rule("2.1", "2.2", "2.3", "2.4", "2.5", "2.6", "2.7", "2.8", "2.9", "2.10", "2.11", "2.12", "2.13")
@pytest.mark.parametrize("bar", BARS, ids=lambda bar: bar.name)
def test_a_token_that_fails_one_bar_alone_is_out_and_its_holder_reads_why(build, bar):
    spoilt, asked, sentence = TRIPS[bar.name]
    panel, asked = build(**spoilt), {"entry": DEFI} | asked
    assert "TTT" in members(build())
    assert "TTT" not in members(panel, **asked)
    assert "TTT" not in members(panel, frozenset({"TTT"}), **asked)
    entry = asked.pop("entry")
    assert why_not_eligible(entry, panel, "TTT", **asked) == sentence


def test_all_that_pass_come_by_falling_capitalisation(build):
    panel = build()
    found = eligible(DEFI, panel)
    assert set(members(panel)) == set(NAMES)
    assert (np.diff(found.market_cap) <= 0).all()
    assert found.market_cap == pytest.approx((panel.close * panel.supply)[-1, found.columns])


def test_tokens_of_one_size_stand_by_symbol(make_panel):
    closes = {name: path / path[-1] for name, path in walks().items()}
    assert members(make_panel(closes, supply=1e9)) == sorted(NAMES)


@pytest.mark.rule("2.1")
@pytest.mark.parametrize("word", sorted(COPY_WORDS))
def test_a_copy_that_a_source_took_for_a_coin_is_known_by_its_name(build, word):
    assert "TTT" not in members(build(token={"name": f"Any {word.title()} Coin"}))


@pytest.mark.rule("2.4")
def test_a_token_of_exactly_the_asked_age_may_join(build):
    assert "TTT" in members(build(path=after(slice(0, DAYS - AGE_DAYS))))


@pytest.mark.rule("2.5")
@pytest.mark.parametrize("holes, passes", [(9, True), (10, False)])
def test_nine_holes_in_ninety_days_are_borne_and_ten_are_not(build, holes, passes):
    assert ("TTT" in members(build(path=after(slice(-60, -60 + holes))))) is passes


@pytest.mark.rule("2.6")
def test_a_candle_of_yesterday_is_fresh_enough(build):
    assert "TTT" in members(build(path=after(slice(-1, None))))


@pytest.mark.rule("2.9", "2.10", "2.14")
@pytest.mark.parametrize("bar, name", [(JOIN_CAP, "supply"), (JOIN_VOLUME, "volume")])
@pytest.mark.parametrize(
    "share, joins, stays", [(1.0001, True, True), (0.9999, False, True), (0.8001, False, True), (0.7999, False, False)]
)
def test_who_is_held_stays_at_80_percent_of_a_bar(build, bar, name, share, joins, stays):
    value = share * bar / (walks()["TTT"][-1] if name == "supply" else 1.0)
    panel = build(**{name: value})
    assert ("TTT" in members(panel)) is joins
    assert ("TTT" in members(panel, frozenset({"TTT"}))) is stays
    assert (why_not_eligible(DEFI, panel, "TTT") == "others stand before it") is stays


@pytest.mark.rule("2.12", "2.14")
def test_who_is_held_stays_a_little_below_the_largest_and_pushes_nobody_out(build):
    narrow, panel = replace(DEFI, candidates=4, size=4), build()
    first = members(panel, entry=narrow)
    fifth, sixth = members(panel)[4:]
    assert members(panel, frozenset({fifth}), entry=narrow) == [*first, fifth]
    assert members(panel, frozenset({sixth}), entry=narrow) == first


@pytest.mark.rule("2.7")
@pytest.mark.parametrize("factor", [1000.0, 1 / 1000.0, JUMP * 1.2, 1 / (JUMP * 1.2), 0.0, -1.0, np.inf])
def test_a_price_that_nobody_confirms_is_refused_until_seven_sane_days(build, factor):
    back = [members(build(path=times(-1 - ago, factor))) for ago in range(SANE_DAYS + 3)]
    assert ["TTT" in found for found in back] == [factor == np.inf] * (SANE_DAYS + 1) + [True] * 2


@pytest.mark.rule("2.7")
@pytest.mark.parametrize("days, passes", [(1, False), (SANE_DAYS, False), (SANE_DAYS + 1, True)])
def test_a_fall_that_lasts_is_believed_after_seven_days(build, days, passes):
    panel = build(path=lambda closes: closes * np.where(np.arange(DAYS) >= DAYS - days, 1 / 50, 1.0), supply=1e12)
    assert ("TTT" in members(panel)) is passes


@pytest.mark.rule("2.7")
def test_a_price_that_is_none_is_not_trusted_however_long_it_lasts(build):
    panel = build(path=lambda closes: -closes)
    assert why_not_eligible(DEFI, panel, "TTT") == TRIPS["price"][2]


@pytest.mark.rule("2.7")
def test_a_jump_across_a_hole_is_seen_too(build):
    def path(closes):
        closes[-10:-1] = NAN
        closes[-1] *= 100
        return closes

    assert "TTT" not in members(build(path=path))


@pytest.mark.rule("2.7")
def test_an_everyday_ninefold_is_no_reason(build):
    assert "TTT" in members(build(path=times(-3, 9 * walks()["TTT"][-4] / walks()["TTT"][-3])))


@pytest.mark.rule("2.11")
def test_of_two_that_move_alike_the_smaller_goes_whoever_is_held(build):
    noise = np.exp(np.random.default_rng(1).normal(0, 0.003, DAYS))
    panel = build(path=lambda _: walks()["AAA"] * noise)
    assert "TTT" not in members(panel, frozenset({"TTT"}))
    assert "AAA" in members(panel, frozenset({"TTT"}))
    large = build(path=lambda _: walks()["AAA"] * noise, supply=1e12)
    assert "TTT" in members(large)
    assert why_not_eligible(DEFI, large, "AAA") == "it moves just like TTT, which is larger"


@pytest.mark.rule("2.11")
def test_a_twin_that_is_out_for_another_reason_drops_nobody(build):
    panel = build(path=lambda _: walks()["AAA"] * 0.5)
    assert "TTT" in members(panel, excluded={"AAA": "hacked"})


@pytest.mark.rule("2.11")
def test_too_few_common_days_say_nothing_of_two_tokens(build):
    def path(_):
        closes = walks()["AAA"] * 0.5
        closes[:-150] = NAN  # 149 returns
        return closes

    assert "TTT" in members(build(path=path))


@pytest.mark.rule("2.13")
@pytest.mark.parametrize("share", [0.01, 0.25, 0.5, 0.75, 1.0])
def test_the_calmer_share_is_rounded_up_and_always_among_all(build, share):
    panel = build(AAA=walks()["AAA"] * np.exp(0.2 * (np.arange(DAYS) % 2)))
    calm, every = members(panel, calmer=share), members(panel)
    assert len(calm) == ceil(share * len(every))
    assert set(calm) <= set(every)
    assert ("AAA" in calm) is (share == 1.0)


@pytest.mark.rule("2.13")
def test_a_token_with_too_few_returns_is_not_called_calm(build):
    def path(closes):
        closes = closes**0.01
        closes[-19:-2:2] = NAN  # nine holes leave twelve returns of thirty
        return closes

    assert "TTT" in members(build(path=lambda closes: closes**0.01), calmer=0.5)
    assert "TTT" in members(build(path=path))
    assert "TTT" not in members(build(path=path), calmer=0.5)


@pytest.mark.rule("2.13", "2.14")
def test_who_is_held_may_be_a_little_wilder(build):
    panel = build()
    last = panel.close[-31:]
    wild = sorted(members(panel), key=lambda s: np.diff(np.log(last[:, panel.column(s)])).std())
    assert set(members(panel, calmer=0.5)) == set(wild[:3])
    assert set(members(panel, frozenset(wild), calmer=0.5)) == set(wild[:4])  # 3 places / 0.8


def test_why_not_answers_for_whoever_is_asked(build):
    panel, narrow = build(), replace(DEFI, candidates=4, size=4)
    assert why_not_eligible(DEFI, panel, "NOBODY") == "nothing is known of it"
    assert why_not_eligible(DEFI, panel, "USDC") == "it is a stablecoin or a copy of another token"
    assert why_not_eligible(DEFI, panel, "AAA") == "others stand before it"
    sixth = members(panel)[5]
    assert why_not_eligible(narrow, panel, sixth, incumbents=frozenset(NAMES)).endswith("4 largest")


@pytest.mark.rule("7.1")
def test_the_twin_takes_the_largest_whatever_their_age(build):
    panel = build(path=after(slice(0, DAYS - 10)))
    twin = passive_members(DEFI, panel)
    assert {panel.tokens[j].symbol for j in twin.columns} == set(NAMES)
    assert len(passive_members(replace(DEFI, benchmark_size=2), panel)) == 2


@pytest.mark.rule("1.1")
@given(st.integers(0, 2**32 - 1), st.integers(120, 200), st.sampled_from([1.0, 0.5]))
def test_what_comes_later_changes_nothing(make_panel, seed, seen, calmer):
    rng = np.random.default_rng(seed)
    closes = {name: np.where(rng.random(DAYS) < 0.04, NAN, path) for name, path in walks(seed).items()}
    closes["BBB"] = closes["AAA"] * rng.uniform(0.5, 2.0)
    short = make_panel({s: path[:seen] for s, path in closes.items()}, supply=SUPPLY)
    for path in closes.values():
        path[seen:] *= 10 ** rng.uniform(-3, 3, DAYS - seen)
    cut = make_panel(closes, supply=SUPPLY).until(short.as_of)
    held = frozenset(rng.choice(NAMES, 2).tolist())
    assert members(cut, held, calmer=calmer) == members(short, held, calmer=calmer)
    for name in NAMES:
        assert why_not_eligible(DEFI, cut, name) == why_not_eligible(DEFI, short, name)


@pytest.mark.rule("2.7")
@given(st.integers(0, 2**32 - 1))
def test_hostile_prices_never_get_in_and_never_break_the_walk(make_panel, seed):
    rng = np.random.default_rng(seed)
    strange = np.array([NAN, np.inf, -np.inf, 0.0, -1.0, 5e-324, 1e-300, 1e300, 1.7e308])
    closes = walks(seed)
    for name in NAMES[:3]:
        closes[name] = np.where(rng.random(DAYS) < 0.03, rng.choice(strange, DAYS), closes[name])
    panel = make_panel(closes, supply=SUPPLY | {"DDD": float(rng.choice(strange))})
    found = eligible(DEFI, panel, frozenset(NAMES), calmer=0.75)
    assert np.isfinite(found.market_cap[found.columns != panel.column("DDD")]).all()
    assert (found.market_cap >= JOIN_CAP * STAY).all()
    for name in set(NAMES) - set(members(panel, frozenset(NAMES), calmer=0.75)):
        assert why_not_eligible(DEFI, panel, name, calmer=0.75, incumbents=frozenset(NAMES))


@pytest.mark.rule("2.2")
def test_a_token_of_no_theme_may_be_a_large_cap_alone(build):
    panel = build(token={"themes": ()})
    assert [i for i in themes() if "TTT" in members(panel, entry=theme(i))] == ["large"]

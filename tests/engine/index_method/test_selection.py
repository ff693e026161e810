"""Who is chosen: entries, the wider band of who is held, rests after an emergency, and how far ahead is too far."""

import datetime as dt

import numpy as np
import pytest
from hypothesis import given, strategies as st

from engine.draft import ANSWERED_DAYS, EMERGENCIES, begin
from engine.eligibility import eligible
from engine.model import Call
from engine.modes import mode, modes
from engine.selection import BUFFER, EXTENDED_DAYS, LEAVE, Field, choose, exit_wish, extension, stance
from engine.themes import theme

NAMES = tuple(f"T{i:02d}" for i in range(24))
STRONG = 0.03


@pytest.fixture(scope="module")
def panel(make_panel, calm_paths):
    return make_panel(calm_paths(tokens=24, crowd=0))


@pytest.fixture(scope="module")
def field(panel, make_signals, make_book):
    """A factory: {symbol: steady strength} and who is held -> what the choice looks at."""

    def make(steady, held=(), answered=None, name="balanced", lifts=None, seen=None):
        at = seen or panel
        book = make_book(at, dict.fromkeys(held, 0.9 / max(len(held), 1)), answered=answered)
        draft = begin("defi", name, at, book, 0)
        said = make_signals(dict.fromkeys(steady, STRONG) | (lifts or {}), at.as_of, steady=steady)
        members = eligible(theme("defi"), at, frozenset(draft.risky))
        return Field(theme("defi"), mode(name), draft, members, said.by_symbol(), {})

    return make


def chosen(of):
    return {of.panel.tokens[j].symbol for j in choose(of)}


@pytest.mark.rule("4.1", "4.2")
@pytest.mark.parametrize("name", modes())
def test_a_stance_turns_at_the_bars_of_entry_and_exit(make_signals, name):
    rules = mode(name)

    def of(steady):
        (signal,) = make_signals({"T00": STRONG}, steady={"T00": steady}).signals
        return stance(signal, rules)

    assert of(rules.enter) is Call.BULLISH
    assert of(rules.enter - 1e-12) is of(-LEAVE * rules.enter + 1e-12) is Call.NEUTRAL
    assert of(-LEAVE * rules.enter) is Call.BEARISH
    assert (BUFFER, LEAVE) == (2, 4)


@pytest.mark.rule("3.5")
def test_a_token_that_is_not_spoken_of_has_no_call(make_signals):
    (silent,) = make_signals({"T00": None}).signals
    (still,) = make_signals({"T00": STRONG}, volatility=None).signals
    assert {stance(s, mode("balanced")) for s in (None, silent, still)} == {Call.NO_CALL}


@pytest.mark.rule("4.2")
def test_an_incumbent_takes_a_place_before_a_stronger_newcomer(field):
    """Who is held at the band's far end stays, so that of the ten strongest one waits outside."""
    steady = {s: 0.06 - 0.002 * i for i, s in enumerate(NAMES[:20])}
    assert chosen(field(steady)) == set(NAMES[:10])
    assert chosen(field(steady, held=(NAMES[19],))) == {*NAMES[:9], NAMES[19]}


@pytest.mark.rule("8.10")
@pytest.mark.parametrize("trigger", sorted(EMERGENCIES))
def test_what_was_sold_in_an_emergency_rests(panel, field, trigger):
    steady = dict.fromkeys(NAMES[:5], 0.06)
    lately = (panel.as_of - dt.timedelta(days=ANSWERED_DAYS - 1)).isoformat()
    before = (panel.as_of - dt.timedelta(days=ANSWERED_DAYS)).isoformat()
    assert chosen(field(steady, answered={f"{trigger}:T00": lately})) == set(NAMES[1:5])
    assert chosen(field(steady, answered={f"{trigger}:T00": before})) == set(NAMES[:5])
    assert chosen(field(steady, answered={"stopped:T00": lately, "step_up:T00": lately})) == set(NAMES[:5])
    rest = field(steady, held=NAMES[:5], answered={f"{trigger}:T00": lately})  # a part of it could not be sold
    assert chosen(rest) == set(NAMES[1:5])
    assert exit_wish(rest, "T00", False).rule == "resting"


@pytest.mark.rule("4.8")
def test_how_far_ahead_is_counted_in_deviations_above_the_50_day_mean(make_panel):
    rng = np.random.default_rng(5)
    logs = np.cumsum(rng.normal(0.01, 0.03, 80))
    panel = make_panel({"T00": np.exp(logs), "USDC": np.ones(80)})
    window = logs[-EXTENDED_DAYS:]
    ahead = (window[-1] - window.mean()) / (np.diff(window).std() * np.sqrt(50))
    assert extension(panel, panel.column("T00")) == pytest.approx(ahead)


@pytest.mark.rule("4.8")
@pytest.mark.parametrize(
    "closes",
    [np.ones(80), [*[np.nan] * 60, *np.arange(1.0, 21)], [*np.arange(1.0, 80), np.nan]],
    ids=["it never moved", "too young", "no last close"],
)
def test_of_a_path_that_says_too_little_nothing_is_called_far_ahead(make_panel, closes):
    panel = make_panel({"T00": closes, "USDC": np.ones(80)})
    assert extension(panel, panel.column("T00")) == 0


@pytest.mark.rule("4.3")
def test_the_reason_against_a_bearish_token_is_named(field):
    wish = exit_wish(field({"T00": -0.06}, held=("T00",)), "T00", False)
    assert (wish.rule, wish.reason) == ("bearish", "turned bearish (tired)")


@pytest.mark.rule("4.3")
def test_a_token_that_left_the_panel_is_no_longer_eligible(field):
    wish = exit_wish(field({"T00": 0.06}), "GONE", False)
    assert (wish.weight, wish.rule) == (0.0, "not_eligible")


strengths = st.sampled_from([-0.05, -0.011, -0.01, -0.002, 0.0, 0.004, 0.005, 0.02, 0.06])
said = st.dictionaries(st.sampled_from(NAMES), strengths, max_size=24)


@pytest.mark.rule("4.1", "4.2")
@given(said, st.frozensets(st.sampled_from(NAMES), max_size=10), st.sampled_from(sorted(modes())))
def test_the_choice_is_never_larger_than_the_index_and_always_for_a_reason(field, steady, held, name):
    rules, size = mode(name), theme("defi").size
    seen = field(steady, held=tuple(sorted(held)), name=name)
    names = chosen(seen)
    assert len(names) <= size
    ranked = sorted(
        (s for s in steady if steady[s] >= rules.enter or (s in held and steady[s] > -LEAVE * rules.enter)),
        key=lambda s: (-steady[s], s),
    )
    assert names <= set(ranked[: int(BUFFER * size)])
    assert held & set(ranked[: int(BUFFER * size)]) <= names
    assert all(steady[s] >= rules.enter and s in ranked[:size] for s in names - held)
    if len(names) < size:
        assert set(ranked[:size]) <= names
    shuffled = dict(sorted(steady.items(), reverse=True))
    assert chosen(field(shuffled, held=tuple(sorted(held, reverse=True)), name=name)) == names

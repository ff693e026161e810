"""docs/methodology.md cannot rot: every rule has a test that names it, every number and name on it is the code's."""

import ast
import datetime as dt
import re
from itertools import pairwise
from pathlib import Path

import pytest

from bot import words
from bot.following import CENTS, LEAST_STAKE, MIN_ORDER
from bot.governance import LONGEST, SHORTEST
from engine import (
    abstention,
    as_needed,
    comparators,
    costs,
    decide,
    draft,
    facts,
    fitting,
    ladder_record,
    level,
    lookalikes,
    panel,
    readiness,
    rebalance,
    selection,
    signals,
    skill,
    study,
    triggers,
    walkforward,
)
from engine.eligibility import BARS, JOIN_CAP, JOIN_VOLUME, STAY
from engine.features import FAMILIES
from engine.method import VERSION
from engine.model import BASE_LEVEL
from engine.models import calibration, familiar, network, relative
from engine.modes import modes
from engine.risk import COMPONENTS, COOLDOWN, HYSTERESIS, STEPS, TREND_DAYS, VOLATILITY_DAYS
from engine.stablecoins import ORDER, PEG, PEG_DAYS, SPLIT
from engine.themes import theme
from storage.confirmations import VALID

TESTS = Path(__file__).parent
PAGE = (TESTS.parent / "docs" / "methodology.md").read_text("utf-8")
WORDS = {1: "one", 2: "two", 3: "three", 4: "four", 6: "six", 7: "seven", 10: "ten"}
# Modules in which a line of a decision gets the name of its rule.
DECIDING = (decide, selection, as_needed, triggers, comparators, rebalance, draft)


def rules_of(page):
    """{number: text} of every numbered rule, up to the next one or the next heading; one space between words."""
    parts = re.split(r"^(\d+\.\d+) |^#+ ", page, flags=re.MULTILINE)
    return {number: " ".join(text.split()) for number, text in zip(parts[1::2], parts[2::2], strict=True) if number}


RULES = rules_of(PAGE)


def marks_of(path):
    """[(rule, test)] of every test in a file that is marked with rules."""
    found = []
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            for mark in node.decorator_list:
                if isinstance(mark, ast.Call) and ast.unparse(mark.func) == "pytest.mark.rule":
                    assert node.name.startswith("test_"), f"{path.name}: {node.name} is no test"
                    found += [(ast.literal_eval(number), node.name) for number in mark.args]
    return found


@pytest.fixture(scope="module")
def tested():
    """{rule: names of the tests that hold the code to it}."""
    out = {}
    for path in sorted(TESTS.rglob("test_*.py")):
        for number, name in marks_of(path):
            out.setdefault(number, []).append(name)
    return out


def test_the_page_is_of_this_version_and_its_rules_are_numbered_without_a_gap():
    assert PAGE.startswith(f"# Method {VERSION}\n")
    numbers = [tuple(map(int, number.split("."))) for number in RULES]
    assert len(numbers) == len(re.findall(r"^\d+\.\d+ ", PAGE, re.MULTILINE)) > 50
    assert numbers[0] == (1, 1)
    for (chapter, rule), following in pairwise(numbers):
        assert following in ((chapter, rule + 1), (chapter + 1, 1))
    headings = {int(number) for number in re.findall(r"^## (\d+)\. ", PAGE, re.MULTILINE)}
    assert headings == {chapter for chapter, _ in numbers}


def test_every_rule_has_a_test_that_names_it_and_every_mark_names_a_rule(tested):
    assert sorted(RULES.keys() - tested.keys()) == [], "rules of the methodology without a test"
    assert sorted(tested.keys() - RULES.keys()) == [], "tests marked with rules that the methodology does not have"


def test_a_mark_is_found_wherever_it_stands(tmp_path):
    path = tmp_path / "test_some.py"
    path.write_text(
        '@pytest.mark.rule("1.1", "2.2")\n@given(x)\ndef test_a(x):\n    pass\n\n\ndef test_b():\n    pass\n\n\n'
        'class TestMore:\n    @pytest.mark.rule("3.3")\n    async def test_c(self):\n        pass\n'
    )
    assert marks_of(path) == [("1.1", "test_a"), ("2.2", "test_a"), ("3.3", "test_c")]
    assert rules_of("## 1. Time\n\n1.1 Now\nand then.\n1.2 Later.\n\n## 2. Place\n\n2.1 Here.\n") == {
        "1.1": "Now and then.", "1.2": "Later.", "2.1": "Here.",
    }  # fmt: skip


def test_the_bars_of_eligibility_are_those_of_the_page_in_its_order():
    named = [
        (number, m[1]) for number, text in RULES.items() if (m := re.match(r"`(\w+)`:", text)) and number[0] == "2"
    ]
    assert named == [(bar.rule, bar.name) for bar in BARS]


def test_the_triggers_are_those_of_the_page_in_its_order():
    named = [
        (number, m[1]) for number, text in RULES.items() if (m := re.match(r"`(\w+)`:", text)) and number[0] == "8"
    ]
    assert named == [*((t.rule, t.name) for t in triggers.TRIGGERS), ("8.10", "resting")]


def test_every_trigger_has_its_word_in_chat():
    assert set(words.TRIGGERS) == {trigger.name for trigger in triggers.TRIGGERS}
    assert set(words.TRIGGERS.values()) <= set(words.WORDS)


def three(name, factor=1.0, form="g"):
    return " / ".join(f"{factor * getattr(mode, name):{form}}" for mode in modes().values())


def shares(of):
    return " | ".join(f"{100 * getattr(mode.stablecoins, of):.0f} %" for mode in modes().values())


def usd(value):
    return f"${value:,.0f}"


def percent(share, form="g"):
    return f"{round(100 * share, 9):{form}} %"


LARGE, DEFI = theme("large"), theme("defi")
CALMER = modes()["conservative"].calmer
STATED = {
    "1.5": (
        f"less than {100 * readiness.ENOUGH:.0f} % of its theme's",
        f"more than {readiness.ALIVE_DAYS} days count as dead",
        f"until {readiness.LAST_TRY // dt.timedelta(hours=1)}:00 UTC",
    ),
    "1.3": (
        f"{study.NEUTRAL_BAND} x sigma x sqrt({study.WEEK})",
        f"{study.SIGMA_DAYS} daily log returns",
        f"{WORDS[study.WEEK]} days on",
    ),
    "2.4": (f"at least {facts.AGE_DAYS} days ago",),
    "2.5": (f"{percent(facts.COVERAGE)} of the last {facts.COVERAGE_DAYS} days",),
    "2.6": (f"within the last {WORDS[facts.STALE_DAYS]} days",),
    "2.7": (
        f"a factor {facts.JUMP:g} or more within the last {WORDS[facts.SANE_DAYS]}",
        f"after {WORDS[facts.SANE_DAYS]} days",
    ),
    "2.8": (f"top {study.UNIVERSE_RANK}", f"keeps its place for {panel.UNHEARD_DAYS} days"),
    "2.9": (f"at least {usd(JOIN_CAP)}",),
    "2.10": (f"at least {usd(JOIN_VOLUME)} traded a day",),
    "2.11": (
        f"over {lookalikes.ALIKE_DAYS} days correlate at {lookalikes.ALIKE} or more",
        f"{lookalikes.COMMON_DAYS} days in common",
    ),
    "2.12": (f"the {DEFI.candidates} largest by capitalisation (Large caps: {LARGE.candidates})",),
    "2.13": (f"the calmer half by {facts.CALM_DAYS}-day volatility",),
    "2.14": (
        f"stays at {percent(STAY)}",
        f"among the {DEFI.candidates / STAY:g} largest, the calmer {percent(CALMER / STAY)}",
    ),
    "2.15": (f"Under {decide.THIN} eligible members",),
    "3.1": (
        f"every {WORDS[walkforward.REFIT_WEEKS]}th Monday",
        f"up to {fitting.WINDOW_WEEKS} weeks of them and never under {relative.MIN_WEEKS}",
        f"complete {study.EMBARGO} days before the last refit",
        f"({WORDS[len(network.SEEDS)]} seeds)",
    ),
    "3.2": (f"fewer than {calibration.MIN_WEEKS} such weeks", f"up to {walkforward.BASE_WINDOW_WEEKS} weeks"),
    "3.3": (f"at least {three('margin', form='.3f')}",),
    "3.4": (", ".join(f"{letter} from {least}" for least, letter in signals.LETTERS[:-1]), "E below"),
    "3.5": (
        f"under {study.UNIVERSE_BARS} days",
        f"learn from coins of the last ranking's top {study.UNIVERSE_RANK}",
        f"speak of those of its top {signals.SPOKEN_RANK}",
        "fewer than half",
        f"a fifth or more of the data points of {abstention.STALE_WEEKS} weeks before",
        f"{percent(familiar.TAIL)} of it",
        f"more than {abstention.DISAGREE} deviations apart",
    ),
    "3.6": (f"up to {WORDS[signals.STEADY_WEEKS - 1]} weeks before",),
    "3.7": (f"{study.MONTH} days from the fill",),
    "3.8": (f"over its last {skill.SKILL_WEEKS} known weeks (and never on fewer than {skill.MIN_WEEKS})",),
    "3.9": (f"each of the {WORDS[len(FAMILIES)]} families",),
    "3.10": (f"their own {selection.EXTENDED_DAYS}-day mean",),
    "4.1": (f"at least {three('enter')} and",),
    "4.2": (f"({selection.LEAVE:g} times the bar of 4.1 below zero)", f"the {selection.BUFFER:g} times the size best"),
    "4.4": (
        f"({decide.EVEN:g} + steady strength) / sigma",
        f"one token {three('token_cap', 100)} % (more where members are few",
        f"volatile tokens together {three('volatile_cap', 100)} % (sigma of {percent(decide.VOLATILE)} a day",
        f"illiquid ones together {three('illiquid_cap', 100)} % (under {usd(costs.ILLIQUID_VOLUME)} a day)",
        f"A target under {percent(modes()['balanced'].floor)} is not held",
        f"The {decide.EVEN:g} keeps",
    ),
    "4.5": (f"within {three('band', 100)} points", f"more than {100 * rebalance.SHIFT:g} points", "under half a point"),
    "4.6": (
        f"for {WORDS[draft.STOPPED_DAYS]} days cannot be sold",
        f"its last price for {level.CARRY_DAYS} days, then half of it, half again every week",
        f"after {level.WRITE_OFF_DAYS} days nothing",
    ),
    "4.7": (f"at most {three('turnover', 100)} % of the index", f"({decide.EVEN:g} + steady strength,"),
    "4.8": (
        f"stands {three('extended')} deviations (of a daily return, times sqrt({selection.EXTENDED_DAYS}))",
        f"above its {selection.EXTENDED_DAYS}-day mean",
        "its target is cut by a quarter",
    ),
    "5.1": (
        f"mean of {WORDS[len(COMPONENTS)]} components",
        *(f"| {c.name} | {100 * c.weight:.0f} % | {c.calm:g} | {c.danger:g} |" for c in COMPONENTS),
        f"means of {', '.join(map(str, TREND_DAYS[:-1]))} and {TREND_DAYS[-1]} days",
    ),
    "5.2": (
        *(
            f"{step.value} from {' / '.join(f'{mode.threshold(step):g}' for mode in modes().values())}"
            for step in STEPS[1:]
        ),
        *(f"| {step.value} | {shares(step.value)} |" for step in STEPS),
    ),
    "5.3": ("after a week on the step held", f"only {HYSTERESIS:g} points below its bound"),
    "5.4": (
        f"target {three('target_volatility', 100)} % a year",
        f"the larger of {VOLATILITY_DAYS[0]} days and a year",
    ),
    "5.5": (
        f"{ORDER[0]} first, then {ORDER[1]}, {ORDER[2]} and others",
        f"more than {percent(PEG)} off a dollar within the last {WORDS[PEG_DAYS]} days",
        f"above {percent(SPLIT)} of the index",
    ),
    "5.6": (
        "where under one point moved",
        f"{percent(ladder_record.FALL)} or more from peak to trough",
        f"a rise of {percent(ladder_record.FALL)}",
    ),
    "6.1": (
        f"a fee of {percent(costs.FEE, '.2f')}",
        f"({percent(costs.SPREAD['liquid'], '.2f')} from {usd(costs.LIQUID_VOLUME)} a day, "
        f"{percent(costs.SPREAD['normal'], '.2f')} from {usd(costs.ILLIQUID_VOLUME)}, "
        f"else {percent(costs.SPREAD['illiquid'], '.2f')})",
        f"an index of {usd(costs.NOTIONAL)}",
        f"never under {percent(costs.MIN_COST, '.2f')} a side",
    ),
    "6.2": (
        "At most a tenth of a day's volume",
        f"counts as trading {usd(costs.UNKNOWN_VOLUME)} a day",
        f"without {costs.VOLATILITY_KNOWN} known daily returns as moving {percent(costs.UNKNOWN_VOLATILITY)} a day",
        f"above {percent(costs.HIGHEST_VOLATILITY)} a day counts as {percent(costs.HIGHEST_VOLATILITY)}",
    ),
    "6.3": (f"starts at {BASE_LEVEL:g}",),
    "7.3": (
        f"of the theme's {comparators.BROAD} largest, the {comparators.NAIVE_SIZE} largest",
        f"inverse {comparators.VOLATILITY_DAYS}-day volatility, none above {percent(comparators.NAIVE_CAP)}",
        f"{comparators.TREND_DAYS}-day mean",
        f"(breadth - {comparators.BREADTH_OUT}) / {comparators.BREADTH_SPAN}",
        f"under its {comparators.LEADER_DAYS}-day mean",
        f"under {WORDS[comparators.NAIVE_LEAST]} members",
    ),
    "7.4": (f"at {percent(costs.MIN_COST, '.2f')} of what is moved",),
    "8.1": (f"not answered again for {draft.ANSWERED_DAYS} days",),
    "8.4": (f"{HYSTERESIS:g} points past the bound", "rests for two days"),
    "8.5": (
        f"fell by {percent(-triggers.COLLAPSE)} or more within one to {WORDS[triggers.COLLAPSE_DAYS]} days",
        f"by {-100 * triggers.COLLAPSE_ALONE:g} points more",
    ),
    "8.6": (
        f"each of the last {WORDS[triggers.DROUGHT_DAYS]} days is under {percent(triggers.DROUGHT)}",
        f"its median of the {triggers.DROUGHT_BEFORE} days before",
    ),
    "8.7": (f"closed more than {percent(PEG)} off its dollar",),
    "8.8": (f"no price for {WORDS[draft.STOPPED_DAYS]} days",),
    "8.9": (f"after more than {level.CARRY_DAYS} days",),
    "8.10": (f"not bought back for {draft.ANSWERED_DAYS} days",),
    "9.2": (
        f"a public reason of {SHORTEST} to {LONGEST} characters",
        f"valid for {WORDS[VALID.total_seconds() // 60]} minutes",
    ),
    "10.1": (f"no order under {usd(MIN_ORDER / CENTS)}", f"Under {usd(LEAST_STAKE / CENTS)} an index"),
}


@pytest.mark.parametrize(("number", "phrase"), [(n, phrase) for n, phrases in STATED.items() for phrase in phrases])
def test_the_page_states_the_numbers_of_the_code(number, phrase):
    assert phrase in RULES[number], f"{number} does not say: {phrase}"


# What the page says in words alone.
WORDED = {
    "(Large caps: every coin)": LARGE.members == "*",
    "conservative admits the calmer half": {n: m.calmer for n, m in modes().items()}
    == {"conservative": 0.5, "balanced": 1.0, "aggressive": 1.0},
    "cut by a quarter": decide.PROFIT == 0.75,
    "under half a point": rebalance.SMALLEST == 0.005,
    "a target under 1 %": len({mode.floor for mode in modes().values()}) == 1,
    "fewer than half of its data points": abstention.MIN_PRESENT == 0.5,
    "a fifth of its data points": abstention.STALE_SHARE == 0.2,
    "learned from every second week": fitting.STRIDE == {study.WEEK: 1, study.MONTH: 2},
    "half a deviation below its mean": selection.RULES_EXIT == 0.5,
    "half of it, half again every week": level.STOPPED_MARK == 0.5,
    "the larger of 60 days and a year": VOLATILITY_DAYS[1:] == (365,),
    "after a week on the step held": COOLDOWN.days == 7,
    "every fourth Monday": walkforward.EPOCH.weekday() == 0,
    "halved while Bitcoin is under": comparators.BEAR_SHARE == 0.5,
    "a tenth of a day's volume": costs.PARTICIPATION == 0.1,
    "the square root, whole": costs.IMPACT == 1.0,
    "under one point moved": ladder_record.MOVED == 0.01,
    "it rests for two days": {t.name: t.rest for t in triggers.TRIGGERS if t.rest} == {"step_up": 2},
    "three numbers in a row": list(modes()) == ["conservative", "balanced", "aggressive"],
}


@pytest.mark.parametrize("phrase", WORDED)
def test_what_the_page_says_in_words_holds_in_the_code(phrase):
    assert WORDED[phrase]


def test_no_mode_and_no_theme_has_a_number_that_the_page_leaves_out():
    said = {"margin", "enter", "calmer", "token_cap", "volatile_cap", "illiquid_cap", "floor", "band", "turnover",
            "extended", "target_volatility", "steps", "stablecoins"}  # fmt: skip
    assert set(vars(modes()["balanced"])) == said | {"id", "title"}
    shown = {"members", "categories", "candidates", "size", "cap_scale", "benchmark_size", "benchmark_cap"}
    assert set(vars(DEFI)) == shown | {"id", "title", "description"}, "docs/indices.md shows these: docs/tables.py"


def strings(node):
    return {n.value for n in ast.walk(node) if isinstance(n, ast.Constant) and isinstance(n.value, str)}


PLACES = {"Wish": 1, "Holding": 4, "standing": 2}  # where a call carries the name of a rule


def rules_in(source):
    """Every name of a rule that a module's code gives to a line."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call):
            name, place = ast.unparse(node.func).split(".")[-1], PLACES.get(ast.unparse(node.func).split(".")[-1])
            if place is not None and name in PLACES and len(node.args) > place:
                given = node.args[place]
                found |= {given.value} if isinstance(given, ast.Constant) else set()
            found |= {k.value.value for k in node.keywords if k.arg == "rule" and isinstance(k.value, ast.Constant)}
        elif isinstance(node, ast.Assign):
            for target in node.targets:
                if isinstance(target, ast.Name) and target.id == "rule":
                    found |= strings(node.value)
                elif isinstance(target, ast.Tuple) and ast.unparse(target.elts[0]) == "rule":
                    found |= strings(node.value.elts[0])
    return found


def test_every_rule_that_a_line_can_carry_is_on_the_page_and_in_words_and_no_other():
    folder = TESTS.parent / "engine"
    names = {Path(module.__file__).name for module in DECIDING} | {"passive.py"}
    used = set().union(*(rules_in((folder / name).read_text("utf-8")) for name in names)) | set(
        as_needed.EXITS.values()
    )
    assert {"band", "budget", "profit", "collapse", "untouched", "paused", "capitalisation", "stopped_price"} <= used
    assert {rule for rule in used if f"`{rule}`" not in PAGE} == set()
    assert used == set(words.RULES), "bot/words.py says every rule in words, and no other"


def test_no_other_module_names_a_rule():
    known = {Path(module.__file__).name for module in DECIDING} | {"passive.py"}
    for path in (TESTS.parent / "engine").glob("*.py"):
        if path.name not in known:
            assert not rules_in(path.read_text("utf-8")), f"{path.name} names rules: read it here, too"

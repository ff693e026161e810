"""The case studies stay whole and true: pictures and rules exist, and the engine decides today what the page tells."""

from __future__ import annotations

import datetime as dt
import importlib
import re
import struct
import sys
from pathlib import Path

import pytest

from bot.demo import END, YEARS
from bot.phrases import day
from engine.eligibility import eligible
from engine.method import VERSION
from engine.model import Grade, MarketView, Odds, Signal, WeekSignals
from engine.panel import build_panel
from engine.sources.archive import Archive
from engine.sources.simulated import SimulatedMarket
from engine.themes import theme
from engine.track import Track

DOCS = Path(__file__).resolve().parents[1] / "docs"
KILOBYTES = 60
BASE = Odds(0.36, 0.30, 0.34)
RULE = re.compile(r"(?<![\d.$+-])([1-9]\d?\.\d{1,2})(?![\d.]|\s%|\sbillion)")  # as in the words, no percentage or price


@pytest.fixture(scope="module")
def studies():
    """The script's table of studies; docs/ is a folder of scripts, not a package."""
    sys.path.insert(0, str(DOCS))
    try:
        yield importlib.import_module("studies").STUDIES
    finally:
        sys.path.remove(str(DOCS))


@pytest.fixture(scope="module")
def page():
    return (DOCS / "case-studies.md").read_text("utf-8")


@pytest.fixture(scope="module")
def sections(page, studies):
    """{study id: its part of the page}."""
    parts = dict(re.findall(r"^## ([^\n]+)\n(.*?)(?=^## |\Z)", page, re.MULTILINE | re.DOTALL))
    return {study.id: parts[study.title] for study in studies}


def test_the_page_tells_every_study_and_links_to_it(page, studies):
    anchors = {
        re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in re.findall(r"^## (.+)$", page, re.M)
    }
    assert set(re.findall(r"\]\(#([^)]+)\)", page)) == anchors
    assert len(anchors) == len(studies) == 5


def test_every_study_shows_its_figures_an_announcement_and_what_went_badly(sections):
    for told in sections.values():
        assert "**What it did badly" in told
        assert "| just holding | the mix |" in told
        assert "(balanced,\nbacktest)" in told or "(balanced, backtest)" in told
        assert re.search(r"```text\n.*not advice\. Method", told, re.DOTALL)


def test_every_announcement_fits_a_phone(page):
    shown = re.findall(r"```text\n(.*?)```", page, re.DOTALL)
    assert len(shown) >= 5
    assert max(len(line) for text in shown for line in text.splitlines()) <= 48


def test_only_the_simulated_study_is_called_simulated(sections):
    assert {study for study, told in sections.items() if "SIMULATED: " in told} == {"simulated"}


def test_every_picture_is_there_small_and_phone_sized_and_no_other(page):
    linked = set(re.findall(r"!\[[^\]]+\]\(([^)]+)\)", page))
    there = {path.relative_to(DOCS).as_posix() for path in (DOCS / "case-studies").iterdir()}
    assert linked == there
    assert len(linked) == 10
    for name in linked:
        png = (DOCS / name).read_bytes()
        assert png[:8] == b"\x89PNG\r\n\x1a\n"
        assert struct.unpack(">II", png[16:24]) == (1000, 700)
        assert len(png) <= KILOBYTES * 1000


def test_every_rule_the_studies_cite_is_in_the_methodology(sections):
    known = set(re.findall(r"^(\d+\.\d+) ", (DOCS / "methodology.md").read_text("utf-8"), re.MULTILINE))
    for name, told in sections.items():
        words, _, _ = told.partition("\n| |")
        cited = set(RULE.findall(words))
        assert len(cited) >= 4, f"{name} names hardly a rule"
        assert cited <= known, f"{name} names {cited - known}"


def test_the_page_was_made_under_this_version_of_the_method(page):
    assert f"under method {VERSION} (fingerprint" in page


def calm(panel, index, monday):
    """Hand-made signals: every eligible member mildly bullish, the market head silent."""
    symbols = [panel.tokens[j].symbol for j in eligible(theme(index), panel).columns]
    return WeekSignals(monday, monday, MarketView(0.5, 0.5, ()), tuple(bullish(symbol) for symbol in sorted(symbols)))


def bullish(symbol):
    odds = Odds(BASE.bearish - 0.01, BASE.neutral, BASE.bullish + 0.01)
    return Signal(symbol, odds, BASE, 0.01, 0.02, Grade(53, "B+"), (), None, 40, 60, (), 0.05, 1.0, 0.0, 0.02)


def between_weeks(panel, index, monday, until):
    """What the balanced index decides after a calm Monday, day by day on daily closes."""
    signals, track = calm(panel.until(monday), index, monday), Track(index, "balanced")
    for number in range((until - monday).days + 1):
        seen = panel.until(monday + dt.timedelta(days=number))
        track.reach(seen, seen.as_of)
        track.decide(seen, signals)
    return [decision for decision in track.decisions if decision.sequence]


def share(decision, *symbols):
    """Weight of some symbols before and after a decision."""
    lines = [line for line in decision.holdings if line.symbol in symbols]
    return sum(line.from_weight for line in lines), sum(line.weight for line in lines)


class Recent(Archive):
    """The archive's candles and rankings of the last year; nothing else is needed to watch a peg."""

    def candles(self, before):
        return (candle for candle in super().candles(before) if candle.date >= "2022-03-01")

    def measures(self, before, metrics):
        return []

    def headlines(self, before):
        return []


@pytest.mark.rule("5.5", "8.7")
def test_the_leg_leaves_usdc_on_12_march_2023_as_the_page_says(archive, sections):
    panel = build_panel(Recent(archive), dt.date(2023, 3, 13))
    decided = between_weeks(panel, "defi", dt.date(2023, 3, 6), dt.date(2023, 3, 12))
    turn = next(decision for decision in decided if any(cause.trigger == "peg_loss" for cause in decision.causes))
    assert turn.date == dt.date(2023, 3, 12)
    assert "peg_loss:USDC" in {cause.key for cause in turn.causes}
    before, after = share(turn, "USDC", "DAI")
    assert before > 0.2
    assert after == 0
    assert share(turn, "USDT")[1] > 0
    assert all(line.stable or line.rule in ("untouched", "risk_ladder") for line in turn.holdings)
    for cause in turn.causes:
        if cause.trigger == "peg_loss" and cause.about == "USDC":
            assert f"{cause.text}." in sections["2023-03"]


@pytest.mark.rule("8.4")
def test_the_ladder_of_the_simulated_week_steps_up_on_the_day_the_page_says(studies, sections):
    study = next(study for study in studies if study.seed is not None)
    panel = build_panel(SimulatedMarket(seed=study.seed, end=END, years=YEARS), study.mondays[-1])
    decided = between_weeks(panel, study.index, study.mondays[-2], study.mondays[-1] - dt.timedelta(days=1))
    up = next(decision for decision in decided if any(cause.trigger == "step_up" for cause in decision.causes))
    said = re.search(r"On (\d+ \w+ \d+) the score stood at (\d+)", sections["simulated"])
    assert said is not None
    assert said[1] == day(up.date)
    assert abs(int(said[2]) - up.risk.score) <= 2  # the market head, silent here, weighs 2 %
    before, after = (sum(w) for w in zip(*((h.from_weight, h.weight) for h in up.holdings if h.stable), strict=True))
    assert after - before >= 0.2
    assert f"crier demo --seed {study.seed}" in sections["simulated"]

"""The page: whole, alone, light enough to send, and telling every figure with how sure it is."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from bot.plots.svg import signed
from bot.report import calendar_of, render_report
from bot.results import write_results
from bot.summary import summarise
from engine.backtest import Backtest
from engine.comparators import COMPARATORS
from engine.evaluation import monthly
from engine.model import PASSIVE

MakeBacktest = Callable[..., Backtest]

MODES = ("conservative", "balanced", "aggressive")
HOSTILE = "<b>&\"'$x_{"


class Page(HTMLParser):
    """Every tag closed in order, nothing fetched, nothing run."""

    VOID = frozenset({"meta", "br", "img"})

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.links: list[str] = []
        self.ids: list[str] = []
        self.scripts = 0
        self.words: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.scripts += tag == "script" or any(key.startswith("on") for key, _ in attrs)
        self.links += [value or "" for key, value in attrs if key in ("src", "href")]
        self.ids += [value or "" for key, value in attrs if key == "id"]
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """A drawing's own leaves."""

    def handle_data(self, data: str) -> None:
        if not self.open or self.open[-1] != "style":
            self.words.append(data)


def read(text: str) -> Page:
    page = Page()
    page.feed(text)
    return page


def said(text: str) -> str:
    """The words of a page on one line."""
    return " ".join(" ".join(read(text).words).split())


@pytest.fixture(scope="session")
def page(written: Path) -> str:
    return (written / "report.html").read_text("utf-8")


def test_the_page_is_whole_and_stands_alone(page: str) -> None:
    found = read(page)
    assert found.open == []
    assert found.scripts == 0
    assert all(link.startswith("#") for link in found.links)
    assert {link[1:] for link in found.links} <= set(found.ids)
    assert "url(http" not in page and "@import" not in page
    assert "None" not in said(page) and "nan" not in said(page).replace("finance", "")


def test_the_page_follows_the_readers_light_or_dark_and_fits_a_phone(page: str) -> None:
    assert "prefers-color-scheme: dark" in page
    assert 'name="viewport" content="width=device-width' in page
    drawings = re.findall(r"<svg[^>]*>", page)
    assert len(drawings) > 20
    assert not [svg for svg in drawings if "viewBox" in svg and "width=" in svg.split("viewBox")[0]]
    assert not re.search(r'(fill|stroke)="#', page)


def test_the_page_shows_every_comparator_the_mix_the_ladder_and_that_it_is_simulated(page: str) -> None:
    for words in ("just holding", "equal weights", "naive rules", "mix, as aggressive", "own record (balanced)",
                  "14 risk-offs since 2022-01-03", "No decision was needed between weeks.", "SIMULATED",
                  "As spread out as 6.0 equal holdings in the median week (5.0 before the trades)"):  # fmt: skip
        assert words in said(page)


def test_the_first_screen_says_what_was_found(page: str, summary: dict[str, Any]) -> None:
    first = said(page.split('<h2 id="signals">')[0])
    for head in ("Return for risk.", "Worst falls.", "Order.", "Odds.", "Luck."):
        assert head in first
    assert f"About {summary['trials']} variants were tried" in first


def test_every_head_and_year_is_in_the_page_with_its_noise(page: str, summary: dict[str, Any]) -> None:
    for head in summary["heads"].values():
        assert head["asks"] in said(page)
        for figures in (head["whole"], *head["by_year"].values()):
            assert f"{figures['log_loss']:.4f}" in page
            assert f"base {figures['base_log_loss']:.4f}" in page
            assert f"noise to {figures['calibration']['noise_high']:.3f}" in page


def test_every_sharpe_ratio_stands_beside_its_interval(page: str, summary: dict[str, Any]) -> None:
    words = said(page)
    for row in summary["indices"]:
        for name in ("net", *COMPARATORS, "diluted"):
            interval = row["sureness"][name]["sharpe"]
            value, low, high = (signed(interval[key]) for key in ("value", "low", "high"))
            assert f"{value} {low} to {high}" in words


def test_order_is_drawn_by_half_year_and_by_theme_and_by_family(summary: dict[str, Any], page: str) -> None:
    assert "By half-year" in page and "By theme" in page and "By family" in page
    (told,) = summary["signals"]["order"]["by_family"].items()
    assert told[0] == "technical" and f"{abs(told[1]['value']):.3f}" in page.split("By family")[1]


def test_a_calendar_links_up_and_stands_beside_just_holding(backtest: Backtest, page: str) -> None:
    track, twin = backtest.tracks["defi", "balanced"], backtest.tracks["defi", PASSIVE].levels
    years = calendar_of(track.levels, twin)
    assert list(years) == [2022, 2023]
    months = [month for year in years.values() for month in year["months"]]
    known = [month["ours"] for month in months if month]
    assert known == list(monthly(track.levels).values())
    assert months[-1] is None and len(months) == 24
    whole = (1 + years[2022]["ours"]) * (1 + years[2023]["ours"])
    assert whole == pytest.approx(track.levels[-1].net / track.levels[0].net)
    assert all(0 <= month["shade"] <= 1 for month in months if month)
    assert page.count('<ul class="months">') == 2 * 2


def test_a_backtest_of_one_mode_without_known_outcomes_is_reported_all_the_same(
    tmp_path: Path, make_backtest: MakeBacktest
) -> None:
    lone = make_backtest(("aggressive", PASSIVE), known=False)
    write_results(lone, tmp_path)
    text = (tmp_path / "report.html").read_text("utf-8")
    assert "No call of this period has a known outcome." in text
    assert "own record (aggressive)" in text
    assert "bolder mode" not in text
    assert "The other modes" not in text
    assert "None" not in said(text)


def test_a_history_of_three_weeks_is_reported_without_false_certainty(make_backtest: MakeBacktest) -> None:
    short = make_backtest(weeks=3)
    text = render_report(short, dict(summarise(short)))
    assert read(text).open == []
    assert "The history is too short to be cut into halves" in said(text)
    assert "None" not in said(text) and "inf" not in said(text)


def test_a_token_of_any_name_is_text_and_nothing_else(make_backtest: MakeBacktest) -> None:
    walked = make_backtest(("balanced", PASSIVE))
    track = walked.tracks["defi", "balanced"]
    track.decisions = [
        replace(d, holdings=(replace(d.holdings[0], symbol=HOSTILE), *d.holdings[1:])) for d in track.decisions
    ]
    text = render_report(walked, dict(summarise(walked)))
    assert read(text).open == []
    assert HOSTILE not in text
    assert HOSTILE in said(text)


def test_five_indices_in_three_modes_over_three_years_stay_light_enough_to_send(make_backtest: MakeBacktest) -> None:
    """What grows with indices, modes and weeks is weighed on one index and multiplied; the rest is paid once."""
    walked = make_backtest(weeks=156)
    crowd = [f"T{k}" for k in range(40)]
    for mode in MODES:
        track = walked.tracks["defi", mode]
        track.decisions = [_crowded(d, week, crowd) for week, d in enumerate(track.decisions)]
    whole = render_report(walked, dict(summarise(walked)))
    section = whole[whole.index('<h2 id="defi">') : whole.index('<h2 id="terms">')]
    assert len(whole.encode()) + 4 * len(section.encode()) < 2_000_000


def _crowded(decision: Any, week: int, names: list[str]) -> Any:
    """Ten names of forty, others every week, in uneven weights, beside the stablecoins."""
    stable = decision.holdings[-1]
    share = (1 - stable.weight) / 55
    held = [replace(decision.holdings[0], symbol=names[(3 * week + k) % 40], weight=(k + 1) * share) for k in range(10)]
    return replace(decision, holdings=(*held, stable))

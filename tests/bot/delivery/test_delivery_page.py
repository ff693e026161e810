"""The page on delivery says what the tables of the code say."""

from pathlib import Path

import pytest

from bot import watch
from bot.foresight import EASED
from bot.posting import AGES
from bot.source_health import STALE_AFTER
from bot.verdicts import VERDICTS

PAGE = (Path(__file__).resolve().parents[3] / "docs" / "delivery.md").read_text("utf-8")


@pytest.mark.parametrize("verdict", VERDICTS, ids=lambda verdict: verdict.kind.__name__)
def test_every_kind_of_failure_is_on_the_page(verdict):
    assert f"| {verdict.kind.__name__} | {verdict.says} |" in PAGE


def test_the_ages_on_the_page_are_those_of_the_code():
    hours = {push: age.total_seconds() / 3600 for push, age in AGES.items()}
    assert hours == {"weekly": 72, "danger": 36, "watched": 24, "admin": 72}
    assert "Weekly messages may be told for 3 days, alerts for 36 hours, watched tokens for a day" in PAGE


def test_the_bounds_of_the_watch_on_the_page_are_those_of_the_code():
    assert (watch.COLLAPSE, watch.COLLAPSE_ALONE, watch.COLLAPSE_OVER, watch.COLLAPSE_DAYS) == (-0.40, -0.25, -0.30, 3)
    assert (watch.PEG, watch.PEG_OVER, watch.MARKET, watch.MARKET_OVER) == (0.01, 0.005, -0.15, -0.10)
    assert (watch.STOPPED_AFTER.seconds, watch.BLIND_AFTER.seconds, watch.BLIND_SHARE) == (3600, 1800, 0.5)
    for kind, level in watch.LEVELS.items():
        row = next(line for line in PAGE.splitlines() if line.startswith(f"| {kind}"))
        assert row.removesuffix(" |").rpartition("|")[2].strip() == (str(level) if level else "")
    assert ", ".join(f"{n} ({step.value})" for step, n in watch.STEP_LEVELS.items() if n > 2) in PAGE
    assert (watch.DROUGHT, EASED, STALE_AFTER.total_seconds() / 3600) == (0.1, 0.5, 18)

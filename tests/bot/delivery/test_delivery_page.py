"""The page on delivery says what the tables of the code say."""

from pathlib import Path

import pytest

from bot.posting import AGES
from bot.verdicts import MAYBE, VERDICTS

PAGE = (Path(__file__).resolve().parents[3] / "docs" / "delivery.md").read_text("utf-8")


@pytest.mark.parametrize("verdict", VERDICTS, ids=lambda verdict: verdict.kind.__name__)
def test_every_kind_of_failure_is_on_the_page(verdict):
    assert f"| {verdict.kind.__name__} | {verdict.says} |" in PAGE


@pytest.mark.parametrize("platform", MAYBE)
def test_every_policy_is_on_the_page(platform):
    policy = MAYBE[platform]
    times = f"{policy.times} time{'s' if policy.times > 1 else ''}, after {policy.after:.0f} s"
    assert f"| {platform} | {times} | {policy.why} |" in PAGE


def test_the_ages_on_the_page_are_those_of_the_code():
    hours = {push: age.total_seconds() / 3600 for push, age in AGES.items()}
    assert hours == {"weekly": 72, "danger": 36, "watched": 24, "monthly": 120, "admin": 72}
    assert "Weekly messages may be told for 3 days, alerts for 36 hours, watched tokens for a day" in PAGE

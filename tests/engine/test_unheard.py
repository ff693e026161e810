"""A ranking of every day may lack a token for a few days; a ranking of every month may not (F27)."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pytest

from engine.panel import _snapshots


def rows(*found: tuple[str, int, float]) -> np.ndarray:
    kinds = [
        ("date", "U10"),
        ("token", "i8"),
        ("rank", "f8"),
        ("price", "f8"),
        ("cap", "f8"),
        ("supply", "f8"),
        ("volume", "f8"),
    ]
    return np.array([(day, token, token, 1.0, supply, supply, 9.0) for day, token, supply in found], dtype=kinds)


DAYS = np.arange(np.datetime64("2026-01-01"), np.datetime64("2026-03-01"))


def supply_of_two(*found: tuple[str, int, float]) -> dict[str, float]:
    line = _snapshots(rows(*found), DAYS, {1: 0, 2: 1})["supply"][:, 1]
    return dict(zip(DAYS.astype(str), line, strict=True))


def daily(token: int, supply: float, first: int, last: int) -> list[tuple[str, int, float]]:
    return [((dt.date(2026, 1, 1) + dt.timedelta(days=k)).isoformat(), token, supply) for k in range(first, last)]


@pytest.mark.rule("2.8")
def test_one_refused_row_is_no_fall_out_of_the_ranking() -> None:
    line = supply_of_two(*daily(1, 5.0, 0, 30), *daily(2, 7.0, 0, 10), *daily(2, 8.0, 12, 30))
    assert [line[f"2026-01-{day}"] for day in ("10", "11", "12", "13")] == [7.0, 7.0, 7.0, 8.0]


def test_a_week_without_a_row_is_one() -> None:
    line = supply_of_two(*daily(1, 5.0, 0, 30), *daily(2, 7.0, 0, 10))
    assert line["2026-01-16"] == 7.0
    assert np.isnan(line["2026-01-17"])


def test_a_monthly_ranking_is_the_last_word() -> None:
    line = supply_of_two(("2026-01-01", 1, 5.0), ("2026-01-01", 2, 7.0), ("2026-02-01", 1, 5.0))
    assert line["2026-01-31"] == 7.0
    assert np.isnan(line["2026-02-01"])

"""The benchmark measures what it says: the same outputs, honestly made, on one panel."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from engine.crosscheck import agree
from engine.indicators import INDICATORS, compute

FOLDER = Path(__file__).resolve().parents[2] / "benchmarks"


@pytest.fixture(scope="module")
def bench() -> Iterator[ModuleType]:
    """The script; benchmarks/ is a folder of scripts, not a package."""
    sys.path.insert(0, str(FOLDER))
    try:
        yield importlib.import_module("indicators")
    finally:
        sys.path.remove(str(FOLDER))
        for name in ("indicators", "talib_loop"):
            sys.modules.pop(name, None)


def test_the_outputs_compared_are_all_that_have_a_reference(bench: ModuleType) -> None:
    assert set(bench.COMPARED) == {name for name, i in INDICATORS.items() if i.reference is not None}
    assert len(bench.COMPARED) >= 40


def test_the_panel_is_gap_free_sound_and_the_same_every_time(bench: ModuleType) -> None:
    bars, again = bench.draw_bars(7, 450), bench.draw_bars(7, 450)
    np.testing.assert_array_equal(bars.close, again.close)
    assert np.isfinite(bars.close).all() and (bars.low > 0).all()
    assert (bars.low <= np.minimum(bars.open, bars.close)).all()
    assert (bars.high >= np.maximum(bars.open, bars.close)).all()


def test_the_values_timed_are_those_of_the_reference(bench: ModuleType) -> None:
    bars = bench.draw_bars(2, 450)
    for column, table in enumerate(bench.frames(bars, [0, 1])):
        with bench.made_once():
            for name, indicator in bench.COMPARED.items():
                reference = float(bench.reference_values(indicator, table).iloc[-1])
                ours = float(compute(indicator, bars)[-1, column])
                assert agree(ours, reference, indicator.scale), name


def test_an_object_of_ta_is_made_once_for_all_its_outputs(bench: ModuleType) -> None:
    trend = importlib.import_module("ta.trend")
    table = bench.frames(bench.draw_bars(1, 300), [0])[0]
    asked = {name: table[name] for name in ("high", "low", "close")}
    with bench.made_once():
        assert trend.ADXIndicator(**asked) is trend.ADXIndicator(**asked)
        assert trend.ADXIndicator(**asked) is not trend.ADXIndicator(**asked, window=20)
    assert isinstance(trend.ADXIndicator, type), "and `ta` is itself again"


def test_a_run_reports_the_ratio_and_the_slowest_ten(
    bench: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(bench.talib_loop, "load", lambda: None)
    bench.main(["--tokens", "4", "--days", "300", "--rounds", "1", "--full"])
    out = capsys.readouterr().out
    assert "4 tokens x 300 days" in out and "every token timed" in out and " x `ta`" in out
    assert "TA-Lib is not installed" in out
    assert sum(name in out for name in bench.COMPARED) == 10


def test_a_sample_is_scaled_to_all_tokens_and_a_ratio_is_one_of_one_round(
    bench: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bench.talib_loop, "load", lambda: None)
    monkeypatch.setattr(bench, "run_ta", lambda tables: float(len(tables)))
    monkeypatch.setattr(bench, "run_ours", lambda bars, names: dict.fromkeys(names, 0.5))
    timing = bench.measure(tokens=8, days=300, sample=2, rounds=3)
    assert timing.ta == 8.0
    assert timing.ratio == pytest.approx(8.0 / (0.5 * len(bench.COMPARED)))


def test_what_ta_lib_computes_ends_on_our_values(bench: ModuleType) -> None:
    talib = pytest.importorskip("talib", reason="TA-Lib is an extra of the benchmark")
    bars = bench.draw_bars(3, 450)
    table = bench.talib_loop.table(talib)
    assert set(table) <= set(bench.COMPARED)
    assert bench.agreement(bars, table, bench.contiguous(bars)) == len(table)

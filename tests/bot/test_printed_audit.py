"""An audit told to people and to programs, and on the command line with the right exit code."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from emulators.typed import Crier, command_line
from rich.console import Console

from bot import backtesting
from bot.printed_audit import audit_to_dict, print_audit
from engine.audit import Audit, Checked, Difference

MONDAY = dt.date(2022, 5, 9)
CUT = dt.date(2022, 5, 12)
LEAK = Difference(CUT, "signals", "AAVE", "signals.odds.bullish", "0.41", "0.39")
CLEAN = Audit(7, (Checked(MONDAY, MONDAY, 118, 12, 300_000, ()), Checked(CUT, MONDAY, 118, 18, 320_000, ())))
LEAKING = Audit(7, (CLEAN.cuts[0], Checked(CUT, MONDAY, 118, 18, 320_000, (LEAK,))))


@pytest.fixture
def crier(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Crier:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("CRIER_DATABASE", raising=False)
    return command_line(capsys, monkeypatch, "backtest")


def printed(audit: Audit) -> list[str]:
    console = Console(width=80)
    with console.capture() as capture:
        print_audit(audit, console)
    return capture.get().splitlines()


def test_every_cut_is_printed_and_a_clean_audit_says_so_in_the_last_line() -> None:
    lines = printed(CLEAN)
    assert lines[0] == "cut at 2022-05-09: 118 tokens, 12 decisions and settlements, 300,000 bytes, no differences"
    assert "cut at 2022-05-12, signals of 2022-05-09" in lines[1]
    assert lines[-1].startswith("0 differences over 2 random days (seed 7)")


def test_every_difference_is_printed_by_date_token_and_field() -> None:
    lines = printed(LEAKING)
    assert "2022-05-12 signals AAVE signals.odds.bullish: 0.41 in the walk, 0.39 without a future" in lines
    assert lines[1].endswith("1 difference")
    assert lines[-1] == "1 difference over 2 random days (seed 7): something looked ahead."


def test_programs_get_the_same() -> None:
    told = json.loads(json.dumps(audit_to_dict(LEAKING), allow_nan=False))
    assert (told["seed"], [cut["cut"] for cut in told["cuts"]]) == (7, ["2022-05-09", "2022-05-12"])
    assert told["differences"] == [
        {"cut": "2022-05-12", "what": "signals", "token": "AAVE", "field": "signals.odds.bullish", "walked": "0.41",
         "cut_off": "0.39"}
    ]  # fmt: skip


def test_a_real_audit_of_a_tiny_archive_passes_and_writes_nothing(
    crier: Crier, small_archive: Callable[..., Path], tmp_path: Path
) -> None:
    span = ("--from", "2023-01-02", "--to", "2023-01-09")
    code, out, _ = crier("--audit", "--cuts", 3, *span, "--archive", small_archive(), "--index", "large")
    assert code == 0
    assert out.count("cut at 2023-01-") == 3
    assert "0 differences over 3 random days (seed 7)" in out
    assert [path.name for path in tmp_path.iterdir()] == ["small-archive"]


def test_another_seed_draws_other_days_and_with_a_folder_the_walk_is_written_too(
    crier: Crier, small_archive: Callable[..., Path], tmp_path: Path
) -> None:
    span = ("--from", "2023-01-02", "--to", "2023-01-09", "--archive", small_archive(), "--index", "large")
    _, out, _ = crier("--audit", "--cuts", 2, "--json", *span)
    code, other, _ = crier("--audit", "--cuts", 2, "--seed", 8, "--json", "--out", tmp_path / "out", *span)
    assert code == 0
    assert [cut["cut"] for cut in json.loads(out)["cuts"]] != [cut["cut"] for cut in json.loads(other)["cuts"]]
    assert (tmp_path / "out" / "report.html").is_file()


def test_a_difference_makes_the_exit_code_one(crier: Crier, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backtesting, "run_audit", lambda *_: LEAKING)
    code, out, err = crier("--audit", "--from", "2022-05-09", "--to", "2022-05-09")
    assert code == 1
    assert "AAVE signals.odds.bullish" in out
    assert "the walk looked ahead: 1 value differed without a future." in err


@pytest.mark.parametrize(
    "arguments, word",
    [(("--from", "2022-05-09", "--to", "2022-05-09"), "--out"),
     (("--audit", "--cuts", "0", "--from", "2022-05-09", "--to", "2022-05-09"), "--cuts")],
)  # fmt: skip
def test_what_cannot_be_read_is_refused_before_any_work(crier: Crier, arguments: tuple[str, ...], word: str) -> None:
    code, _, err = crier(*arguments)
    assert code == 2
    assert word in err

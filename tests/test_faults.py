"""The page of faults cannot rot: every fault is tested, every test it names exists and names the fault."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PAGE = (ROOT / "docs" / "faults.md").read_text("utf-8")
FAULTS = range(1, 41)
ROWS = {int(number): line for line in PAGE.splitlines() for number in re.findall(r"^\| F(\d+) \|", line)}


def named(text: str) -> set[int]:
    """The faults that a text names: `F1, F3`, or `F22 to F28`."""
    ranges = re.findall(r"\bF(\d+) to F(\d+)\b", text)
    found = {fault for first, last in ranges for fault in range(int(first), int(last) + 1)}
    return found | {int(number) for number in re.findall(r"\bF(\d+)\b", text)}


def words_of(place: str) -> str:
    """The docstring of a benchmark, or those of a test and of its module; fails where there is no such thing."""
    path, _, name = place.partition("::")
    file = ROOT / path if path.startswith("benchmarks/") else ROOT / "tests" / path
    tree = ast.parse(file.read_text("utf-8"))
    words = ast.get_docstring(tree) or ""
    if name:
        tests = [n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef) and n.name == name]
        assert len(tests) == 1, f"there is no test {place}"
        words += " " + (ast.get_docstring(tests[0]) or "")
    return words


def test_every_fault_has_one_row_in_order_and_there_is_no_other() -> None:
    numbers = [int(number) for number in re.findall(r"^\| F(\d+) \|", PAGE, re.MULTILINE)]
    assert numbers == list(FAULTS)


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_tested_where_the_page_says_so(fault: int) -> None:
    _, happens, becomes, tests = ROWS[fault].strip("| ").split(" | ")
    assert happens and becomes
    places = re.findall(r"`([^`]+)`", tests)
    assert places, f"F{fault} is tested nowhere"
    for place in places:
        assert fault in named(words_of(place)), f"{place} does not name F{fault}"


def test_what_names_no_fault_is_found_out() -> None:
    assert named("F1, F3: killed") == {1, 3}
    assert named("what holds for any rows (F23 to F25)") == {23, 24, 25}
    assert named("the F-score, F1x and 0xF2") == set()
    with pytest.raises(AssertionError, match="there is no test"):
        words_of("test_faults.py::test_that_nobody_wrote")

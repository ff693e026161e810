"""docs/features.md is what the catalogue and the committed figures make it, and the terminal says the same."""

import re
from dataclasses import replace

import pytest

from bot.catalogue import figures, page
from bot.feature_page import markdown
from engine.appraisal.measured import Finding, findings
from engine.features import CATALOGUE, FAMILIES, Feature

REMEDY = "run: crier features --markdown --out docs/features.md"


def test_the_page_is_the_generated_one(request):
    text = (request.config.rootpath / "docs/features.md").read_text("utf-8")
    assert text == markdown(), REMEDY


def test_the_readme_counts_the_data_points_and_links_the_page(request):
    readme = " ".join(re.sub(r"<!--.*?-->", "", (request.config.rootpath / "README.md").read_text("utf-8")).split())
    assert f"reads {len(CATALOGUE)} data points of six families" in readme
    assert "(docs/features.md)" in readme


def test_every_entry_stands_in_the_table_of_its_family_with_all_that_is_promised():
    parts = re.split(r"^## (.+)$", markdown(), flags=re.MULTILINE)
    tables = dict(zip(parts[1::2], parts[2::2], strict=True))
    assert [title.lower() for title in tables] == [family.lower() for family in FAMILIES]
    for entry in CATALOGUE.values():
        table = tables[entry.family[0].upper() + entry.family[1:]]
        row = next(line for line in table.splitlines() if line.startswith(f"| `{entry.name}` |"))
        cells = [cell.replace("\\|", "|") for cell in re.split(r"(?<!\\) \| ", row.strip("| "))]
        scope = entry.scope if entry.learned else f"{entry.scope} °"
        facts = (scope, entry.formula, str(entry.window), entry.unit, entry.source, str(entry.lag))
        assert tuple(cells[1:7]) == facts and len(cells) == 11
        assert tuple(cells[7:10]) == figures(entry)


def test_figures_carry_their_sign_and_what_was_not_measured_a_dash(monkeypatch):
    entry = CATALOGUE["rsi_14"]
    for found, said in (
        (Finding(155, -0.0123, 2.0), ("-0.012", "+2.0", "155")),
        (Finding(3), ("-", "-", "3")),
        (None, ("-", "-", "-")),
    ):
        known = replace(findings(), entries={"rsi_14": found} if found else {})
        monkeypatch.setattr("bot.catalogue.findings", lambda known=known: known)
        assert figures(entry) == said


@pytest.mark.parametrize("family", FAMILIES)
def test_no_line_of_the_terminal_is_wider_than_80_columns(family):
    entries = [entry for entry in CATALOGUE.values() if entry.family == family]
    lines = list(page(entries))
    assert max(map(len, lines)) <= 80
    assert lines[0].startswith(f"{len(entries)} data points.")


def test_a_long_name_and_formula_still_fit():
    long = Feature(
        "volume_return_correlation_30d", "macro", "market", "a formula of many words " * 9, 365, "correlation",
        "candles", "up", "down", lambda m: m.logs, lag=45,
    )  # fmt: skip
    assert max(map(len, page([long]))) <= 80

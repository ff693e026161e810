"""What is imported is declared and the other way round, the pins agree, and every licence lets anybody host it."""

from __future__ import annotations

import ast
import re
import runpy
import sys
import tomllib
from collections.abc import Iterable, Iterator
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name as canonical

ROOT = Path(__file__).resolve().parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
NEEDED = {canonical(r.name): r for r in map(Requirement, PROJECT["dependencies"])}
EXTRAS = {name: list(map(Requirement, wanted)) for name, wanted in PROJECT["optional-dependencies"].items()}
PINS = {
    canonical(name): version
    for name, _, version in (
        line.partition("==") for line in (ROOT / "requirements.txt").read_text("utf-8").splitlines() if "==" in line
    )
}
LICENCES = runpy.run_path(str(ROOT / "docs" / "licences.py"))
ROOMS = ("bot", "engine", "storage")
OURS = {*ROOMS, "emulators", "benchmarks", "fuzz"}
# Declared and imported by no statement, each with the reason.
UNSEEN = {
    "tzdata": "zoneinfo reads it where the system has no time zones",
    "ta": "engine/indicators/reference.py imports its modules by name",
}


def imported(folders: Iterable[str]) -> dict[str, str]:
    """{module: a file that imports it} of everything that is neither the standard library's nor ours."""
    found = {}
    for path in (path for folder in folders for path in sorted((ROOT / folder).rglob("*.py"))):
        beside = {other.stem for other in path.parent.glob("*.py")}
        for name in _tops(ast.parse(path.read_text("utf-8"))):
            if name not in sys.stdlib_module_names | OURS | beside and not name.startswith("_"):
                found.setdefault(name, path.relative_to(ROOT).as_posix())
    return found


def _tops(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module.split(".")[0]


@pytest.fixture(scope="module")
def distributions() -> dict[str, set[str]]:
    """{module: the distributions that bring it}."""
    return {name: {canonical(found) for found in names} for name, names in metadata.packages_distributions().items()}


@pytest.mark.parametrize(
    ("folders", "extras"), [(ROOMS, ("scale",)), (("tests", "docs", "benchmarks"), tuple(EXTRAS))], ids=["run", "test"]
)
def test_what_is_imported_is_declared(
    folders: tuple[str, ...], extras: tuple[str, ...], distributions: dict[str, set[str]]
) -> None:
    declared = NEEDED.keys() | {canonical(r.name) for extra in extras for r in EXTRAS[extra]}
    missing = {
        name: where
        for name, where in imported(folders).items()
        if not distributions.get(name, {canonical(name)}) & declared
    }
    assert missing == {}, "declare them in pyproject.toml"


def test_what_is_declared_is_imported(distributions: dict[str, set[str]]) -> None:
    brought = {found for name in imported(ROOMS) for found in distributions.get(name, ())}
    assert NEEDED.keys() - brought == UNSEEN.keys(), "take them out of pyproject.toml, or say above why not"


@pytest.mark.parametrize("name", sorted(NEEDED))
def test_every_dependency_has_a_lower_bound_and_its_pin_is_within(name: str) -> None:
    assert [part.operator for part in NEEDED[name].specifier] == [">="]
    assert NEEDED[name].specifier.contains(PINS[name])


def test_what_is_pinned_needs_nothing_that_is_not_pinned() -> None:
    """Of those that are installed here as they are pinned: another version may need other things."""
    lacking = {
        (name, need.name)
        for name in PINS
        if _version(name) == PINS[name]
        for need in map(Requirement, metadata.requires(name) or ())
        if need.marker is None or need.marker.evaluate({"extra": ""})
        if canonical(need.name) not in PINS.keys() | {"pip"}
    }
    assert lacking == set()


def _version(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return ""


@pytest.mark.parametrize("name", sorted(PINS))
def test_the_licence_of_every_dependency_is_told_and_lets_anybody_host_it(name: str) -> None:
    told = {
        canonical(each): row.split("|")[1].strip()
        for row in re.search(LICENCES["PART"], LICENCES["PAGE"].read_text("utf-8"))[0].splitlines()
        if row.count("|") == 3
        for each in row.split("|")[2].strip().split(", ")
    }
    assert name in told, "run python docs/licences.py"
    if _version(name):
        assert LICENCES["licences"](name) == told[name], "run python docs/licences.py"


@pytest.mark.parametrize(
    "fields",
    [{"License-Expression": "AGPL-3.0-only"}, {"License": "GPLv3"}, {"License": "ask us"}, {}],
    ids=lambda fields: next(iter(fields.values()), "none"),
)
def test_a_licence_that_asks_for_more_or_is_unknown_is_said(
    fields: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    class Told(dict[str, Any]):
        def get_all(self, name: str) -> None:
            return None

    monkeypatch.setattr(metadata, "metadata", lambda name: Told(fields))
    with pytest.raises(ValueError, match="may it be used here"):
        LICENCES["licences"]("some")

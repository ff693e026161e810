"""The fingerprint: the same for the same rules in other words, another for any number or line that can decide."""

import re
import shutil
from functools import cache
from pathlib import Path

import pytest

from engine import method
from engine.method import OUTSIDE, VERSION, stamp, version_of

ENGINE = Path(method.__file__).parent
BARE = cache(method._bare)  # modules that no test changes are stripped once


@pytest.fixture
def copied(tmp_path, monkeypatch):
    """A factory: a copy of the engine with one file edited -> its fingerprint."""
    shutil.copytree(ENGINE, tmp_path / "engine", ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(method.resources, "files", lambda _: tmp_path / "engine")
    monkeypatch.setattr(method, "_bare", BARE)

    def edited(name="decide.py", edit=lambda text: text):
        path = tmp_path / "engine" / name
        text = path.read_text("utf-8") if path.exists() else ""
        path.write_text(edit(text), "utf-8")
        try:
            return method.fingerprint.__wrapped__()
        finally:
            path.write_text(text, "utf-8")

    return edited


def sub(pattern, by):
    def edit(text):
        changed, count = re.subn(pattern, by, text, count=1, flags=re.MULTILINE)
        assert count == 1, f"there is no {pattern} to change"
        return changed

    return edit


@pytest.mark.rule("1.4")
def test_a_copy_has_the_same_fingerprint(copied):
    assert copied() == method.fingerprint()
    assert re.fullmatch("[0-9a-f]{64}", copied())


# The same rules in other words.
SAME = {
    "a comment line": ("decide.py", lambda text: text + "\n\n# Nothing more.\n"),
    "a comment behind code": ("decide.py", sub(r"^(EVEN = [\d.]+)  # .*$", r"\1  # said otherwise")),
    "no comment behind code": ("decide.py", sub(r"^(EVEN = [\d.]+)  # .*$", r"\1")),
    "a module's docstring": ("decide.py", sub(r'^"""The whole line.*"""$', '"""Another sentence,\nin two lines."""')),
    "a function's docstring": ("risk.py", sub(r'^    """Share of members above.*"""$', '    """How broad it is."""')),
    "blank lines": ("decide.py", lambda text: text.replace("\n\n\n", "\n\n\n\n")),
    "spaces at the end of lines": ("decide.py", lambda text: text.replace("\n", "  \n")),
    "a comment in a table": ("modes.toml", lambda text: "# Modes of risk.\n" + text),
    "layout of a table": ("modes.toml", sub(r"^margin = ", "margin     =   ")),
    "another spelling of a number": ("modes.toml", sub(r"^(turnover = 0\.\d)0$", r"\1")),
    "what only observes": ("evaluation/returns.py", lambda text: text + "\nMORE = 1\n"),
    "a source": ("sources/archive.py", lambda text: text + "\nMORE = 1\n"),
    "a file that is neither code nor table": ("notes.txt", lambda text: "a note"),
}


@pytest.mark.rule("1.4")
@pytest.mark.parametrize("name", SAME)
def test_the_same_rules_in_other_words_are_the_same_method(copied, name):
    assert copied(*SAME[name]) == method.fingerprint()


# Another number, or another line.
OTHER = {
    "a number of a mode": ("modes.toml", sub(r"^enter = .*$", "enter = 0.0061")),
    "a number of a theme": ("themes.toml", sub(r"^size = .*$", "size = 17")),
    "a new entry": ("themes.toml", lambda text: text + "\n[nft]\nsize = 3\n"),
    "a constant": ("selection.py", sub(r"^BUFFER = [\d.]+", "BUFFER = 2.7")),
    "a comparison": ("selection.py", sub(r"signal\.steady >= rules\.enter", "signal.steady > rules.enter")),
    "a line of a function": ("risk.py", sub(r"^    return since is None or .*$", "    return True")),
    "a hash sign that is no comment": ("decide.py", lambda text: text + '\nSIGN = "#1"\n'),
    "an indented line": ("stablecoins.py", sub(r"^    parts = 2 if.*\n", "")),
    "a feature": ("features/price.py", lambda text: text + "\nMORE = 1\n"),
    "a new module": ("fresh.py", lambda text: "MORE = 1\n"),
}


@pytest.mark.rule("1.4")
@pytest.mark.parametrize("name", OTHER)
def test_another_number_or_line_is_another_method(copied, name):
    assert copied(*OTHER[name]) != method.fingerprint()


@pytest.mark.rule("1.4")
def test_what_is_behind_a_hash_sign_in_a_text_counts():
    assert method._bare('x = "# one"\n') != method._bare('x = "# two"\n')
    assert method._bare('x = "a"  # one\n') == method._bare('x = "a"  # two\n') == 'x = "a"'


@pytest.mark.rule("1.4")
def test_a_stamp_is_the_version_and_the_fingerprints_beginning():
    assert stamp() == f"{VERSION} {method.fingerprint()[:16]}"
    assert version_of(stamp()) == VERSION


def test_what_is_left_out_of_the_fingerprint_is_there_and_no_module_that_decides_leans_on_it():
    assert all((ENGINE / name).exists() for name in OUTSIDE)
    watchers = {name.removesuffix(".py") for name in OUTSIDE} - {"errors"}
    for name in (
        "decide",
        "selection",
        "draft",
        "rebalance",
        "allocation",
        "risk",
        "eligibility",
        "as_needed",
        "triggers",
    ):
        imported = set(re.findall(r"^from engine\.(\w+)", (ENGINE / f"{name}.py").read_text("utf-8"), re.MULTILINE))
        assert not imported & watchers, f"{name} leans on what the fingerprint does not cover"

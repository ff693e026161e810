"""An operator's list of outlets at the command line: used where it is right, one sentence where it is wrong."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from emulators.clock import FakeTime
from emulators.typed import Crier, command_line

OWN = '[mine]\nkind = "crypto"\ntitle = "Mine"\nurl = "https://mine.example/rss"\n'


@pytest.fixture
def crier(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Crier:
    """Run the command line in an empty folder with a list of outlets, where everything leads to a closed port."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CRIER_OUTLETS", "mine.toml")
    monkeypatch.setenv("CRIER_SOURCE_BASES", json.dumps({"https://mine.example": "http://127.0.0.1:9"}))
    monkeypatch.setattr("bot.fetching.system_clock", lambda: FakeTime().clock)
    return command_line(capsys, monkeypatch)


def test_only_the_operator_s_outlets_are_asked(crier: Crier) -> None:
    Path("mine.toml").write_text(OWN, "utf-8")
    code, out, _ = crier("fetch", "--only", "news", "--json")
    report = json.loads(out)
    assert code == 1, "it leads to a closed port"
    assert (report["sources"][0]["asked"], report["kinds"][0]["behind"]) == (1, ["mine"])
    code, _, err = crier("fetch", "--only", "reddit")
    assert (code, "there is no source 'reddit'" in err) == (1, True)
    _, out, _ = crier("doctor", "--database", "crier.db")
    assert "source news" in out and "source reddit" not in out


def test_a_list_that_is_wrong_is_said_and_nothing_is_fetched(crier: Crier) -> None:
    Path("mine.toml").write_text(OWN.replace("crypto", "gossip"), "utf-8")
    code, _, err = crier("fetch", "--only", "news")
    assert code == 1
    assert "mine.toml: [mine] kind: input should be" in err
    code, out, _ = crier("doctor", "--online", "--database", "crier.db")
    assert code == 1
    assert "FAIL outlets" in out
    assert "ok   source exchanges" in out, "what does not hang on the list is still examined"

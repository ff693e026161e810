"""`crier fetch` and `crier doctor` at the command line: one sentence, the right code, no network."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path

import pytest
from emulators.clock import FakeTime
from emulators.typed import Crier, command_line

from bot.doctor import examine
from bot.settings import Settings
from engine.fomc import calendar
from engine.sources.table import SOURCES
from storage.database import open_database

NOWHERE = "http://127.0.0.1:9"


@pytest.fixture
def crier(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Crier:
    """Run the command line in an empty folder, where every source leads to a closed port and nobody waits."""
    monkeypatch.chdir(tmp_path)
    bases = {host.origin: NOWHERE for source in SOURCES.values() for host in source.hosts}
    monkeypatch.setenv("CRIER_SOURCE_BASES", json.dumps(bases))
    monkeypatch.setenv("CRIER_SOURCE_KEYS", '{"fred": "0123456789abcdef"}')
    monkeypatch.setattr("bot.fetching.system_clock", lambda: FakeTime().clock)
    return command_line(capsys, monkeypatch)


def test_a_source_that_is_not_there_is_named_with_those_that_are(crier: Crier) -> None:
    code, _, err = crier("fetch", "--only", "fred,frde")
    assert code == 1
    assert err.strip().splitlines()[-1] == (f"crier: there is no source 'frde': there are {', '.join(SOURCES)}.")


def test_a_fetch_without_a_connection_fails_with_one_sentence_and_remembers_why(crier: Crier) -> None:
    code, out, err = crier("fetch", "--only", "fear_greed")
    assert code == 1
    assert "FAILED" in out
    last = err.strip().splitlines()[-1]
    assert (
        last
        == "crier: what came is stored, but 1 source failed: fear_greed (127.0.0.1 cannot be reached, or broke off)."
    )
    database = open_database("crier.db")
    assert database.sources.statuses()["fear_greed"].error
    database.close()
    code, out, _ = crier("doctor", "--database", "crier.db")
    assert code == 1
    assert "FAIL source fear_greed" in out
    assert "ok   source exchanges" in out


def test_the_report_can_be_read_by_a_program(crier: Crier) -> None:
    code, out, _ = crier("fetch", "--only", "fear_greed", "--json")
    assert code == 1
    report = json.loads(out)
    assert [source["id"] for source in report["sources"]] == ["fear_greed"]
    assert report["kinds"] == [
        {"kind": "fear_greed", "source": "fear_greed", "series": 1, "current": 0, "newest": None, "behind": []}
    ]
    assert "0123456789abcdef" not in out


def test_the_doctor_asks_every_host_when_told_to(crier: Crier) -> None:
    crier("fetch", "--only", "fear_greed")
    code, out, _ = crier("doctor", "--online", "--json", "--database", "crier.db")
    assert code == 1
    hosts = {found["check"]: found for found in json.loads(out) if found["check"].startswith("host ")}
    assert "host api.kraken.com" in hosts
    assert "host api.stlouisfed.org" in hosts, "there is a key for it"
    assert "host api.coinmetrics.io" not in hosts, "it is asked with a key only"
    assert not any(found["ok"] for found in hosts.values())


def test_a_simulated_market_is_not_fetched_into(crier: Crier, demo_database: Path, tmp_path: Path) -> None:
    copy = tmp_path / "demo.db"
    copy.write_bytes(demo_database.read_bytes())
    code, _, err = crier("fetch", "--database", str(copy))
    assert code == 1
    assert "SIMULATED" in err


def test_the_doctor_warns_before_the_feds_calendar_ends(tmp_path: Path) -> None:
    settings = Settings(database=tmp_path / "none.db")
    found = {f.check: f for day in (100, 80) for f in examine(settings, before_the_last(day)) if "fomc" in f.check}
    assert not found["fomc calendar"].ok
    assert "engine/fomc.toml" in found["fomc calendar"].says
    assert {f.ok for f in examine(settings, before_the_last(100)) if "fomc" in f.check} == {True}


def before_the_last(days: int) -> dt.datetime:
    return dt.datetime.combine(calendar().last, dt.time(), dt.UTC) - dt.timedelta(days=days)

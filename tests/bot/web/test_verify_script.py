"""The stranger's script of docs/verify.md, run as a stranger runs it: on a sound export and on forged ones."""

import asyncio
import hashlib
import json
import math
import re
import subprocess
import sys

import pytest

from bot.exporting import export_to
from bot.web.rules import page
from storage.database import open_database

TIMEOUT = 60
MARGIN, BAND = 0.023, 0.3


@pytest.fixture(scope="session")
def script(tmp_path_factory):
    (code,) = re.findall(r"```python\n(.*?)```", page("verify.md"), re.DOTALL)
    path = tmp_path_factory.mktemp("script") / "verify.py"
    path.write_text(code)
    return path


@pytest.fixture(scope="session")
def exported(decided, tmp_path_factory):
    """The journal as `crier export journal` writes it."""
    from bot.settings import Settings

    path = tmp_path_factory.mktemp("exported") / "journal.jsonl"
    export_to(Settings(_env_file=None, database=decided), "journal", "json", None, path)
    return path


def run(script, journal, *heads):
    return subprocess.run(
        [sys.executable, "-I", script, journal, *heads], capture_output=True, text=True, timeout=TIMEOUT, check=False
    )


def entries(path):
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def chained(lines):
    """The same entries with every hash made anew, as a forger would."""
    last = "0" * 64
    for number, line in enumerate(lines, 1):
        line |= {"seq": number, "previous": last}
        parts = [last, line["ledger"], str(number), line["kind"], line["date"], line["body"]]
        last = line["hash"] = hashlib.sha256("\n".join(parts).encode()).hexdigest()
    return lines


def written(tmp_path, lines):
    path = tmp_path / "forged.jsonl"
    path.write_text("".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines), "utf-8")
    return path


def test_it_is_short_and_uses_the_standard_library_alone(script):
    lines = script.read_text().splitlines()
    assert len(lines) <= 45
    assert set(re.findall(r"^import (.+)$", script.read_text(), re.MULTILINE)) == {
        "collections, datetime, hashlib, json, math, sys"
    }


def test_a_stranger_finds_the_levels_hit_rates_and_heads_that_the_program_has(script, exported, decided):
    database = open_database(decided)
    head = database.journal.head("live")
    cried = database.decisions.announcement("live", "defi", "balanced", "2023-W46").head
    tracks = (("defi", "balanced"), ("large", "passive"), ("defi", "aggressive"))
    newest = {track: database.decisions.latest("live", *track) for track in tracks}
    settled = {track: stored.settlement.portfolio.level_net for track, stored in newest.items()}
    count = database.journal.count("live")
    database.close()
    posted = " ".join(re.findall("....", cried[:32])).upper()
    told = run(script, exported, head, posted)
    assert (told.returncode, told.stderr) == (0, "")
    for (index, mode), level in settled.items():
        line = next(line for line in told.stdout.splitlines() if line.split()[:3] == ["live", index, mode])
        assert float(line.split()[4]) == pytest.approx(level, abs=1e-4)
    assert f"live: {count} entries hold, head {head[:32]}" in told.stdout
    assert f"head {posted} is entry" in told.stdout
    hits, calls = _hits(exported)
    assert calls > 3
    assert f"live: {hits} of {calls} bullish calls ended bullish" in told.stdout


def _hits(path):
    """By another way: each settled Monday's prices against those of the next."""
    told = [(line["kind"], line["date"], json.loads(line["body"])) for line in entries(path)]
    prices = {}
    for kind, date, body in told:
        if kind == "settlement":
            prices.setdefault(date, {}).update(body["prices"])
    signals = next(body for kind, date, body in told if (kind, date) == ("signals", "2023-11-13"))
    first, second = prices["2023-11-13"], prices["2023-11-20"]
    chosen = [
        s
        for s in signals["signals"]
        if s["abstained"] is None and s["conviction"] >= MARGIN and s["symbol"] in first.keys() & second.keys()
    ]
    hits = [
        s for s in chosen if math.log(second[s["symbol"]] / first[s["symbol"]]) > BAND * s["volatility"] * math.sqrt(7)
    ]
    return len(hits), len(chosen)


@pytest.mark.parametrize("forgery", ["changed", "left out", "swapped", "slipped in"])
def test_an_entry_that_was_touched_is_named(script, exported, tmp_path, forgery):
    lines = entries(exported)
    if forgery == "changed":
        lines[4]["body"] = lines[4]["body"].replace('"weight":0', '"weight":1', 1)
    elif forgery == "left out":
        del lines[4]
    elif forgery == "swapped":
        lines[4], lines[5] = lines[5], lines[4]
    else:
        lines.insert(4, {**lines[4]})
    told = run(script, written(tmp_path, lines))
    assert told.returncode == 1
    assert told.stderr.startswith("BROKEN: entry ")
    assert int(told.stderr.split()[2]) in (5, 6)


def test_a_level_that_was_beautified_is_found_although_every_hash_was_made_anew(script, exported, tmp_path):
    lines = entries(exported)
    forged = next(line for line in lines if line["kind"] == "settlement")
    body = json.loads(forged["body"])
    body["portfolio"]["level_net"] *= 1.01
    forged["body"] = json.dumps(body, sort_keys=True, separators=(",", ":"))
    told = run(script, written(tmp_path, chained(lines)))
    assert told.returncode == 1
    assert "follows from prices and fills" in told.stderr


DAYS = "2026-01-05", "2026-01-12"
QUIET = {"signals": []}


def small(*told):
    """A journal of (kind, date, body), chained."""
    return chained(
        [{"ledger": "live", "kind": kind, "date": date, "body": json.dumps(body)} for kind, date, body in told]
    )


def first_week(level, *fills, begins=1.0):
    """An index that begins in USDC, and one settlement of it at a dollar a token."""
    track = {"index": "defi", "mode": "balanced"}
    names = ("symbol", "from_weight", "weight", "cost")
    settled = track | {
        "prices": {"USDC": 1.0, "AAVE": 1.0},
        "fills": [dict(zip(names, fill, strict=True)) for fill in fills],
        "portfolio": {"level_net": level},
    }
    held = [{"symbol": "USDC", "from_weight": begins}]
    return small(("decision", DAYS[0], track | {"holdings": held}), ("settlement", DAYS[0], settled))


SOUND = first_week(998.5, ("AAVE", 0.0, 0.5, 0.0015), ("USDC", 1.0, 0.4985, 0.0))
FORGED = {
    "money out of nothing": first_week(1500.0, ("AAVE", 0.0, 0.5, math.nan)),
    "a cost that is paid to the index": first_week(1500.0, ("AAVE", 0.0, 0.5, -0.5)),
    "a beginning with more than there was": first_week(2000.0, begins=2.0),
    "a debt": first_week(1000.0, ("AAVE", 0.0, 2.0, 0.0), ("USDC", 1.0, -1.0, 0.0)),
    "signals of a week that is long over": small(("signals", DAYS[1], QUIET), ("signals", DAYS[0], QUIET)),
    "two signals for one week": small(("signals", DAYS[0], QUIET), ("signals", DAYS[0], QUIET)),
}


@pytest.mark.parametrize("name", FORGED)
def test_a_forgery_whose_every_hash_fits_is_found(script, tmp_path, name):
    assert run(script, written(tmp_path, SOUND)).returncode == 0
    told = run(script, written(tmp_path, FORGED[name]))
    assert (told.returncode, told.stderr[:13]) == (1, "BROKEN: entry")


def test_one_hash_is_not_read_as_two_entries(script, tmp_path):
    """A body that begins with a line end could later be shown as an entry of another kind, which nobody reads."""
    (honest,) = small(("signals", DAYS[0], QUIET))
    (line,) = chained([honest | {"body": "\n" + honest["body"]}])
    hidden = line | {"kind": f"signals\n{DAYS[0]}", "date": "", "body": honest["body"]}
    for shown in (line, hidden):
        told = run(script, written(tmp_path, [shown]))
        assert told.returncode == 1
        assert "is not what was hashed" in told.stderr


def test_a_history_chained_anew_loses_the_heads_that_were_posted(script, exported, tmp_path):
    lines = entries(exported)
    head = lines[-1]["hash"][:32]
    signals = next(line for line in lines if line["kind"] == "signals")
    signals["body"] = signals["body"].replace("quiet", "Quiet", 1)
    journal = written(tmp_path, chained(lines))
    assert run(script, journal).returncode == 0  # by itself it is sound
    told = run(script, journal, head)
    assert told.returncode == 1
    assert "not in this journal" in told.stderr


def test_a_head_too_short_to_prove_anything_proves_nothing(script, exported):
    assert run(script, exported, entries(exported)[-1]["hash"][:8]).returncode == 1


async def test_the_page_hands_out_the_very_bytes_of_an_export(decided, serve, exported):
    async with serve(decided) as (_, client), client.get("/journal/live.jsonl") as answer:
        assert await answer.read() == await asyncio.to_thread(exported.read_bytes)

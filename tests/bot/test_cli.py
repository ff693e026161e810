"""The command line: every command helps with an example, answers, and fails with one sentence and the right code."""

import csv
import io
import json
import os
import resource
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from emulators.typed import command_line

from bot.cli import app
from bot.exporting import write
from bot.feature_page import markdown
from engine.appraisal.measured import parse
from engine.model import PASSIVE
from engine.themes import themes

ROOT = str(Path(__file__).resolve().parents[2])
COMMANDS = [(c.name or c.callback.__name__) for c in app.registered_commands]


@pytest.fixture
def crier(capsys, monkeypatch, tmp_path):
    """Run the command line in an empty folder: crier("week", ...) -> (exit code, stdout, stderr)."""
    monkeypatch.chdir(tmp_path)
    for name in ("CRIER_DATABASE", "CRIER_MODE"):
        monkeypatch.delenv(name, raising=False)
    return command_line(capsys, monkeypatch)


def sentence(err):
    """The one line a failure prints."""
    lines = err.strip().splitlines()
    assert "Traceback" not in err
    assert lines[-1].startswith("crier: ")
    assert lines[-1].endswith(".")
    return lines[-1]


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_helps_with_an_example(crier, name):
    code, out, _ = crier(name, "--help")
    assert code == 0
    assert "Example: crier " + name in " ".join(out.split())


@pytest.mark.parametrize("name", COMMANDS)
def test_bad_usage_exits_with_two(crier, name):
    code, _, err = crier(name, "--no-such-option")
    assert code == 2
    assert "Traceback" not in err


def test_every_command_is_in_the_documentation(request):
    page = (request.config.rootpath / "docs" / "cli.md").read_text("utf-8")
    for name in COMMANDS:
        assert f"| `crier {name}" in page


READERS = {
    "ask": ("ask", "/index defi"),
    "chat": ("chat",),
    "week": ("week", "--as-of", "2026-06-29"),
    "verify": ("verify",),
    "export": ("export", "decisions"),
    "backtest": ("backtest", "--from", "2026-06-01", "--to", "2026-06-29", "--out", "out"),
}


@pytest.mark.parametrize("name", READERS)
def test_without_a_database_one_sentence_says_what_makes_one(crier, name):
    code, _, err = crier(*READERS[name])
    assert code == 1
    assert "crier import DIR" in sentence(err)


@pytest.mark.parametrize("name", [n for n in READERS if n != "backtest"])
@pytest.mark.parametrize(
    "spoil, word",
    [
        (lambda p: p.mkdir(), "folder"),
        (lambda p: p.write_bytes(b"this is no database at all" * 100), "choose another path"),
        (lambda p: sqlite3.connect(p).execute("CREATE TABLE stranger (x)").connection.close(), "another program"),
    ],
    ids=["a folder", "garbage", "a stranger's database"],
)
def test_a_wrong_database_is_refused_in_one_sentence(crier, tmp_path, name, spoil, word):
    spoil(tmp_path / "crier.db")
    code, _, err = crier(*READERS[name])
    assert code == 1
    assert word in sentence(err)


def test_a_database_from_a_newer_version_is_refused(crier, demo_database, tmp_path):
    copy = tmp_path / "crier.db"
    copy.write_bytes(demo_database.read_bytes())
    with sqlite3.connect(copy) as link:
        table = next(n for (n,) in link.execute("SELECT name FROM sqlite_master") if "migrations" in n)
        columns = [row[1] for row in link.execute(f"PRAGMA table_info({table})")]
        row = dict(zip(columns, link.execute(f"SELECT * FROM {table}").fetchone(), strict=True))
        row |= {"name": "m999_from_the_future"} | ({"id": 999} if "id" in row else {})
        link.execute(f"INSERT INTO {table} VALUES ({', '.join('?' * len(columns))})", list(row.values()))
    link.close()
    code, _, err = crier("ask", "/index defi")
    assert code == 1
    assert "newer Crier" in sentence(err)


def test_ask_answers_and_json_holds_the_same_reply(crier, demo_database):
    code, out, _ = crier("ask", "/index defi", "--database", demo_database)
    assert code == 0
    assert "DeFi index" in out
    code, text, _ = crier("ask", "/index defi", "--json", "--database", demo_database)
    reply = json.loads(text)
    assert code == 0
    assert reply["title"] in " ".join(out.split())
    assert sum(int(row[1].rstrip(" %")) for row in reply["table"]["rows"]) <= 100


@pytest.mark.parametrize("mode", ["conservative", "aggressive"])
def test_ask_in_another_mode(crier, demo_database, mode):
    code, out, _ = crier("ask", "/index defi", "--mode", mode, "--database", demo_database)
    assert code == 0
    assert mode in out


def test_an_unknown_mode_or_setting_is_named(crier, demo_database, monkeypatch):
    code, _, err = crier("ask", "/index", "--mode", "reckless", "--database", demo_database)
    assert code == 1
    assert "conservative, balanced, aggressive" in sentence(err)
    monkeypatch.setenv("CRIER_MODE", "reckless")
    code, _, err = crier("ask", "/index defi")
    assert code == 1
    assert "CRIER_MODE" in sentence(err)


def test_an_unknown_index_or_token_gets_a_helpful_answer(crier, demo_database):
    code, _, err = crier("ask", "/index defy", "--database", demo_database)
    assert code == 1
    assert "did you mean defi" in err
    code, _, err = crier("ask", "/token zzzzzz", "--database", demo_database)
    assert code == 1
    assert "zzzzzz" in err


def test_a_decided_week_is_said_to_be_decided_and_changes_nothing(crier, demo_database):
    before = crier("verify", "--json", "--database", demo_database)[1]
    code, out, _ = crier("week", "--as-of", "2026-06-29", "--database", demo_database)
    assert code == 0
    assert "already decided" in out
    told = json.loads(crier("week", "--as-of", "2026-06-29", "--json", "--database", demo_database)[1])
    assert told["already_decided"]
    assert {d["index"] for d in told["decisions"]} == set(themes())
    assert crier("verify", "--json", "--database", demo_database)[1] == before


def test_a_day_between_two_mondays_is_run_once(crier, demo_database, tmp_path):
    """The day after the demo's last Monday: its fills are known then."""
    (tmp_path / "crier.db").write_bytes(demo_database.read_bytes())
    before = crier("verify", "--json")[1]
    code, out, _ = crier("week", "--as-of", "2026-06-30", "--dry-run")
    assert code == 0
    assert "nothing was stored" in out
    assert crier("verify", "--json")[1] == before
    told = json.loads(crier("week", "--as-of", "2026-06-30", "--json")[1])
    assert (told["date"], told["ledger"], told["already_decided"]) == ("2026-06-30", "replay", False)
    assert all(d["sequence"] > 0 and d["causes"] for d in told["decisions"])
    after = json.loads(crier("verify", "--json")[1])
    assert after["entries"] > json.loads(before)["entries"]
    assert after["head"] == told["head"]
    code, out, _ = crier("week", "--as-of", "2026-06-30")
    assert code == 0
    assert "no written trigger calls for a decision" in out
    assert json.loads(crier("verify", "--json")[1]) == after


@pytest.mark.parametrize(
    "arguments, code, word",
    [
        (("week", "--as-of", "2026-07-07"), 1, "decide 2026-07-06 first"),
        (("week", "--as-of", "2026-07-01"), 1, "needs 2026-06-30"),
        (("week", "--as-of", "2026-06-16"), 1, "already reaches"),
        (("week", "--as-of", "2031-01-06"), 1, "newest candle"),
        (("week",), 1, "newest candle"),
        (("week", "--as-of", "someday"), 2, "2023-11-13"),
        (("export", "dreams"), 1, "decisions, signals, levels and journal"),
        (("export", "decisions", "--format", "xml"), 1, "json and csv"),
        (("export", "decisions", "--ledger", "paper"), 1, "live and replay"),
        (("week", "--as-of", "2025-01-06"), 1, "already reaches"),
        (("features", "--family", "astrology"), 1, "on-chain"),
        (("features", "--measure", "--from", "2023-01-02"), 1, "needs --from"),
        (("features", "--measure", "--from", "2023-01-09", "--to", "2023-01-02"), 1, "needs --from"),
        (("features", "--markdown", "--out", "nowhere/features.md"), 1, "choose another path"),
        (("verify", "--head", "xyz"), 1, "hex digits"),
        (("verify", "--journal", "nowhere.jsonl"), 1, "cannot be read"),
        (("import", "nowhere"), 1, "SIMULATED market"),
        (("backtest", "--from", "2026-06-29", "--to", "2026-06-01", "--out", "o"), 1, "must not lie after"),
        (("backtest", "--from", "2026-06-01", "--to", "2026-06-29", "--out", "o", "--index", "nft"), 1, "large, defi"),
        (("backtest", "--from", "2026-06-01", "--to", "2026-06-29", "--out", "o", "--mode", "x"), 1, "balanced"),
        (("backtest", "--from", "2030-06-03", "--to", "2030-07-01", "--out", "o"), 1, "no Monday to decide"),
        (
            ("backtest", "--from", "2026-06-01", "--to", "2026-06-29", "--audit", "--without", "macro"),
            2,
            "whole method",
        ),
    ],
    ids=lambda value: " ".join(value[:3]) if isinstance(value, tuple) else None,
)
def test_a_wrong_request_fails_in_one_sentence(crier, demo_database, arguments, code, word):
    got, _, err = crier(*arguments, *(() if arguments[0] == "features" else ("--database", demo_database)))
    assert got == code
    assert word in (sentence(err) if code == 1 else err.replace("\n", " "))


def test_an_archive_that_is_not_there_is_named(crier, tmp_path):
    code, _, err = crier("import", tmp_path / "nowhere")
    assert code == 1
    assert "nowhere" in sentence(err)


def test_an_import_reports_every_file_and_the_second_changes_nothing(crier, small_archive):
    folder = small_archive(extra={"candles.csv.gz": ["2023-01-05,BTC,1,1,1,-3,1,x,0"]})
    code, out, _ = crier("import", folder)
    assert code == 0
    assert "1 refused" in out
    code, text, _ = crier("import", folder, "--json")
    report = json.loads(text)
    assert report["refused"] == 1
    assert all(f["new"] == f["changed"] == 0 for f in report["files"])


def test_before_the_first_decision_commands_say_when_it_comes(crier, small_archive):
    crier("import", small_archive())
    code, _, err = crier("ask", "/index defi")
    assert code == 1
    assert "next decision comes once newer market data is in" in " ".join(err.split())
    assert "crier week --as-of" in err


def test_a_journal_with_one_changed_byte_is_exposed(crier, demo_database, tmp_path):
    """F40: the entry is named, the exit code is 1."""
    copy = tmp_path / "crier.db"
    copy.write_bytes(demo_database.read_bytes())
    with sqlite3.connect(copy) as link:
        for (trigger,) in link.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            link.execute(f'DROP TRIGGER "{trigger}"')
        link.execute("UPDATE journal SET body = replace(body, 'buy, new', 'buy, nEw') WHERE seq = 5")
    link.close()
    code, _, err = crier("verify")
    assert code == 1
    assert "entry 5" in sentence(err)


def test_a_posted_head_is_found_and_a_foreign_one_is_not(crier, demo_database):
    reply = json.loads(crier("ask", "/index defi", "--json", "--database", demo_database)[1])
    head = reply["note"][-1]
    code, out, _ = crier("verify", "--head", head, "--database", demo_database)
    assert code == 0
    assert "decision" in out
    code, _, err = crier("verify", "--head", "0" * 32, "--database", demo_database)
    assert code == 1
    assert "not in this journal" in sentence(err)


def test_an_exported_journal_verifies_by_itself(crier, demo_database, tmp_path):
    file = tmp_path / "journal.jsonl"
    assert crier("export", "journal", "--out", file, "--database", demo_database)[0] == 0
    code, out, _ = crier("verify", "--journal", file)
    assert code == 0
    assert "holds" in out
    file.write_text(file.read_text("utf-8").replace("buy, new", "buy, nEw", 1), "utf-8")
    code, _, err = crier("verify", "--journal", file)
    assert code == 1
    assert "is broken at entry" in sentence(err)


@pytest.mark.parametrize(
    "command",
    [
        ("export", "signals", "--format", "csv"),
        ("ask", "/index defi"),
        ("verify",),
        ("features",),
        ("export", "journal"),
    ],
    ids=" ".join,
)
def test_a_full_disk_behind_the_output_is_one_sentence(demo_database, command):
    """F8, at the outermost edge: /dev/full takes no byte."""
    where = () if command[0] == "features" else ("--database", demo_database)
    with open("/dev/full", "w") as full:  # noqa: PTH123
        done = subprocess.run(
            [sys.executable, "-m", "bot", *command, *where], stdout=full, stderr=subprocess.PIPE, text=True, check=False
        )
    assert done.returncode == 1
    assert "No space left" in sentence(done.stderr)
    assert len(done.stderr.strip().splitlines()) == 1


@pytest.mark.parametrize("command", [("week", "--as-of", "2026-06-22"), ("export", "journal", "--out", "big.jsonl")])
def test_a_full_disk_under_the_work_is_one_sentence(demo_database, tmp_path, command):
    """F8: no file may grow, and nothing is half-written."""
    copy = tmp_path / "crier.db"
    copy.write_bytes(demo_database.read_bytes())

    def limit():
        resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))

    done = subprocess.run(
        [sys.executable, "-m", "bot", *command, "--database", str(copy)],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
        preexec_fn=limit,
        env={**os.environ, "PYTHONPATH": ROOT},
    )
    assert done.returncode == 1
    assert "free some space" in sentence(done.stderr)


def test_a_journal_is_no_table(crier, tmp_path):
    status, _, err = crier("export", "journal", "--format", "csv", "--database", tmp_path / "none.db")
    assert status == 1 and "JSON lines alone" in err


@pytest.mark.parametrize("what", ["decisions", "signals", "levels"])
def test_exports_hold_the_same_records_in_both_formats(crier, demo_database, what):
    records = json.loads(crier("export", what, "--database", demo_database)[1])
    rows = list(csv.DictReader(io.StringIO(crier("export", what, "--format", "csv", "--database", demo_database)[1])))
    assert records
    assert [str(r["date"]) for r in records] == [r["date"] for r in rows]
    if what == "decisions":
        assert {(r["index"], r["mode"]) for r in records} >= {(index, PASSIVE) for index in themes()}


def test_features_lists_the_catalogue(crier):
    entries = json.loads(crier("features", "--json")[1])
    assert len(entries) >= 120
    assert len({e["family"] for e in entries}) == 6
    code, out, _ = crier("features", "--family", "macro")
    assert code == 0
    assert "vix" in out
    assert "rsi_14" not in out


def test_the_catalogue_fits_a_terminal_and_gives_each_entry_a_line_and_its_formula(crier, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    lines = crier("features")[1].splitlines()
    assert max(len(line) for line in lines) <= 80
    for entry in json.loads(crier("features", "--json")[1]):
        at = next(i for i, line in enumerate(lines) if line.split() and line.split()[0] == entry["name"])
        assert str(entry["window_days"]) in lines[at].split() and entry["scope"] in lines[at]
        assert lines[at + 1].startswith("    ")
        below = " ".join(line.strip() for line in lines[at + 1 : at + 4])
        assert f"{entry['formula']} [{entry['unit']}]" in below


def test_coverage_is_told_of_the_database_and_an_unknown_token_is_named(crier, demo_database):
    code, out, _ = crier("features", "--coverage", "--database", demo_database)
    assert code == 0
    rows = {line[:32].strip(): line.split()[-1] for line in out.splitlines()[2:]}
    assert list(rows)[-1] == "all" and 50 < int(rows["all"]) <= 100
    code, _, err = crier("features", "--token", "nope", "--database", demo_database)
    assert code == 1 and "nope" in sentence(err)


def test_coverage_of_an_archive_is_json_for_programs(crier, small_archive):
    shares = json.loads(crier("features", "--token", "all", "--archive", small_archive(), "--json")[1])
    assert set(shares) == {"BTC", "NA", "USDC"}
    assert 0 < shares["BTC"]["2023"] < 1


def test_what_is_measured_of_an_archive_is_written_as_the_committed_file_is(crier, small_archive, tmp_path):
    where = ("--archive", small_archive(), "--from", "2023-01-02", "--to", "2023-01-09")
    code, out, _ = crier("features", "--measure", *where)
    assert code == 0
    found = parse(out)
    assert list(found.entries) == [e["name"] for e in json.loads(crier("features", "--json")[1])]
    assert {entry.ic for entry in found.entries.values()} == {None}, "two weeks are too few"
    assert crier("features", "--measure", *where, "--out", tmp_path / "measured.toml")[:2] == (0, "")
    assert (tmp_path / "measured.toml").read_text("utf-8") == out


def test_the_page_of_the_catalogue_is_printed_or_written(crier, tmp_path):
    code, out, _ = crier("features", "--markdown")
    assert (code, out) == (0, markdown())
    assert crier("features", "--markdown", "--out", tmp_path / "features.md")[0] == 0
    assert (tmp_path / "features.md").read_text("utf-8") == out


def test_the_doctor_names_what_is_ill(crier, demo_database, tmp_path):
    code, out, _ = crier("doctor", "--database", demo_database)
    assert code == 0
    assert "FAIL" not in out
    code, out, err = crier("doctor", "--database", tmp_path / "no.db")
    assert code == 1
    assert "FAIL database" in out
    assert "database" in sentence(err)


def test_a_folder_that_cannot_be_written_is_named(crier, demo_database, tmp_path):
    blocked = tmp_path / "file"
    blocked.write_text("in the way")
    code, _, err = crier("export", "decisions", "--out", blocked / "x.json", "--database", demo_database)
    assert code == 1
    assert "choose another path" in sentence(err)
    code, _, err = crier("demo", "--no-chat", "--out", blocked)
    assert code == 1
    assert "choose another folder" in sentence(err)


def test_an_export_is_written_whole_or_not_at_all(tmp_path):
    out = tmp_path / "journal.jsonl"
    out.write_text("the one from before\n")

    def breaks_off():
        yield "a line\n"
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write(breaks_off(), out)
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [
        ("journal.jsonl", "the one from before\n")
    ]
    write(["all of it\n"], out)
    assert out.read_text() == "all of it\n"
    write(["into a device"], Path(os.devnull))


class Interrupted:
    """A command line that Ctrl+C meets: `app` while it is loaded, or once it runs."""

    def __init__(self, loading):
        self._loading = loading

    @property
    def app(self):
        if self._loading:
            raise KeyboardInterrupt
        return lambda: sys.exit(130)


@pytest.mark.parametrize("loading", [True, False])
def test_ctrl_c_is_answered_by_a_sentence_from_the_first_moment_on(crier, monkeypatch, loading):
    monkeypatch.setitem(sys.modules, "bot.cli", Interrupted(loading))
    code, out, err = crier("doctor")
    assert (code, out, err) == (130, "", "crier: stopped; nothing was half-written.\n")

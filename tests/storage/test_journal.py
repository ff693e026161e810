from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, strategies as st

from engine.errors import BrokenJournal, CannotWrite, StorageError
from storage.chain import GENESIS, canonical, entry_hash, short_head
from storage.database import Database, open_database
from storage.journal import find_head_in_file, verify_file

DAY = dt.date(2023, 11, 13)
BODIES = [{"n": i, "level": 1000.0 + i / 3, "text": f"Grüße {i}", "list": [i, None, True]} for i in range(6)]


def fill(database: Database) -> list[str]:
    return [
        database.journal.append("replay", "decision", DAY + dt.timedelta(days=7 * i), body).hash
        for i, body in enumerate(BODIES)
    ]


def disarm(database: Database) -> None:
    """What somebody with the file in hand would do first."""
    for (name,) in database.connection.rows("SELECT name FROM sqlite_master WHERE type = 'trigger'"):
        database.connection.execute(f"DROP TRIGGER {name}")


@pytest.fixture(scope="module")
def open_to_edits() -> Iterator[Database]:
    database = open_database(":memory:")
    fill(database)
    disarm(database)
    yield database
    database.close()


def test_entries_are_chained_in_each_ledger_apart(database: Database) -> None:
    first = database.journal.append("live", "decision", DAY, {"b": 1, "a": 2})
    other = database.journal.append("replay", "signals", DAY, {})
    second = database.journal.append("live", "settlement", DAY, {})
    assert (first.seq, other.seq, second.seq) == (1, 1, 2)
    assert (first.previous, other.previous, second.previous) == (GENESIS, GENESIS, first.hash)
    assert first.body == '{"a":2,"b":1}'
    assert list(database.journal.entries("live")) == [first, second]
    assert database.journal.head("live") == second.hash
    assert database.journal.count("live") == 2


def test_an_empty_ledger_has_no_head_and_holds(database: Database) -> None:
    assert database.journal.head("live") is None
    verdict = database.journal.verify("live")
    assert (verdict.ok, verdict.entries, verdict.head) == (True, 0, None)
    verdict.check()


def test_a_stranger_recomputes_the_chain_from_the_documented_formula(database: Database) -> None:
    head = fill(database)[-1]
    previous = "0" * 64
    for row in database.connection.rows("SELECT ledger, seq, kind, date, body FROM journal ORDER BY seq"):
        previous = hashlib.sha256("\n".join([previous, *map(str, row)]).encode()).hexdigest()
    assert previous == head


def test_a_sound_journal_holds(database: Database) -> None:
    head = fill(database)[-1]
    verdict = database.journal.verify("replay")
    assert (verdict.ok, verdict.entries, verdict.head, verdict.broken) == (True, 6, head, None)
    assert short_head(head) in verdict.message


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE journal SET body = '{}' WHERE seq = 2",
        "UPDATE journal SET hash = 'x'",
        "DELETE FROM journal WHERE seq = 6",
        "REPLACE INTO journal SELECT id, ledger, seq, kind, date, '{}', previous, hash FROM journal WHERE seq = 2",
        "INSERT OR REPLACE INTO journal SELECT 99, ledger, seq, kind, date, '{}', previous, 'h' FROM journal",
    ],
)
@pytest.mark.parametrize("recursive", ["ON", "OFF"])
def test_the_database_refuses_to_rewrite_it(database: Database, sql: str, recursive: str) -> None:
    fill(database)
    database.connection.execute(f"PRAGMA recursive_triggers = {recursive}")
    with pytest.raises(StorageError, match="append-only"):
        database.connection.execute(sql)
    assert database.journal.verify("replay").entries == 6


@given(data=st.data())
def test_any_edit_of_any_byte_of_any_body_is_named(open_to_edits: Database, data: st.DataObject) -> None:
    seq = data.draw(st.integers(1, len(BODIES)))
    ((body,),) = open_to_edits.connection.rows("SELECT CAST(body AS BLOB) FROM journal WHERE seq = ?", (seq,))
    at = data.draw(st.integers(0, len(body) - 1))
    byte = data.draw(st.integers(0, 255).filter(lambda value: value != body[at]))
    edited = body[:at] + bytes([byte]) + body[at + 1 :]
    edit(open_to_edits, seq, edited)
    try:
        verdict = open_to_edits.journal.verify("replay")
    finally:
        edit(open_to_edits, seq, body)
    assert not verdict.ok
    assert verdict.broken is not None
    assert (verdict.broken.seq, verdict.entries) == (seq, seq - 1)
    assert f"entry {seq} (decision, " in verdict.message
    assert open_to_edits.journal.verify("replay").ok


@given(st.integers(1, len(BODIES)), st.sampled_from(["kind", "date", "previous", "hash", "ledger", "seq"]))
def test_an_edit_of_anything_else_is_found(open_to_edits: Database, seq: int, column: str) -> None:
    with pytest.raises(RollBack), open_to_edits.atomic():
        new = "CASE WHEN seq = 1 THEN 99 ELSE seq + 100 END" if column == "seq" else f"{column} || '1'"
        if column == "ledger" and seq == len(BODIES):
            raise RollBack  # a last entry renamed away is a cut tail, which only a posted head betrays
        open_to_edits.connection.execute(f"UPDATE journal SET {column} = {new} WHERE seq = ?", (seq,))
        verdict = open_to_edits.journal.verify("replay")
        assert not verdict.ok
        assert verdict.broken is not None
        assert verdict.broken.seq in (seq, seq + 1)
        raise RollBack


class RollBack(Exception):
    pass


def edit(database: Database, seq: int, body: bytes) -> None:
    database.connection.execute("UPDATE journal SET body = CAST(? AS TEXT) WHERE seq = ?", (body, seq))


def test_a_deleted_entry_is_named(database: Database) -> None:
    fill(database)
    disarm(database)
    database.connection.execute("DELETE FROM journal WHERE seq = 3")
    verdict = database.journal.verify("replay")
    assert verdict.broken is not None
    assert (verdict.broken.seq, verdict.entries) == (3, 2)
    assert "missing" in verdict.message


def test_a_cut_tail_is_betrayed_by_a_posted_head(database: Database) -> None:
    heads = fill(database)
    disarm(database)
    database.connection.execute("DELETE FROM journal WHERE seq > 4")
    assert database.journal.verify("replay").ok  # what is left is a sound chain
    assert database.journal.find_head(short_head(heads[5])) is None
    assert database.journal.find_head(short_head(heads[3])) is not None


def test_a_journal_chained_anew_is_betrayed_by_a_posted_head(database: Database) -> None:
    heads = fill(database)
    disarm(database)
    rechain(database, canonical({"level": 9999.0}))
    assert database.journal.verify("replay").ok
    assert database.journal.find_head(heads[0]) is not None
    assert [database.journal.find_head(head) for head in heads[1:]] == [None] * 5


def rechain(database: Database, body: str) -> None:
    database.connection.execute("UPDATE journal SET body = ? WHERE seq = 2", (body,))
    previous = GENESIS
    for seq, kind, date, text in database.connection.rows("SELECT seq, kind, date, body FROM journal ORDER BY seq"):
        hash_ = entry_hash(previous, "replay", seq, kind, date, text)
        database.connection.execute("UPDATE journal SET previous = ?, hash = ? WHERE seq = ?", (previous, hash_, seq))
        previous = hash_


def test_a_head_is_found_in_any_form_it_is_copied(database: Database) -> None:
    heads = fill(database)
    for text in (short_head(heads[2]), heads[2][:32], heads[2], heads[2][:40].upper(), short_head(heads[2]) + "\n"):
        entry = database.journal.find_head(text)
        assert entry is not None
        assert entry.seq == 3
    assert database.journal.find_head("0" * 32) is None


def test_nothing_is_appended_after_an_entry_that_was_changed(database: Database) -> None:
    fill(database)
    disarm(database)
    database.connection.execute("UPDATE journal SET body = '{}' WHERE seq = 6")
    with pytest.raises(BrokenJournal, match="entry 6 of the replay journal"):
        database.journal.append("replay", "decision", DAY, {})
    with pytest.raises(BrokenJournal, match="entry 6"):
        list(database.journal.entries("replay"))
    with pytest.raises(BrokenJournal, match="entry 6"):
        database.journal.verify("replay").check()


@pytest.mark.parametrize("kind", ["", "Decision", "a\nb", "a b"])
def test_a_kind_is_one_plain_word(database: Database, kind: str) -> None:
    with pytest.raises(ValueError, match="no kind"):
        database.journal.append("live", kind, DAY, {})


def test_an_export_is_checked_without_the_database(database: Database, tmp_path: Path) -> None:
    heads, path = fill(database), tmp_path / "journal.jsonl"
    assert database.journal.export("replay", path) == 6
    verdict = verify_file(path)
    assert (verdict.ok, verdict.entries, verdict.head) == (True, 6, heads[-1])
    assert verdict.message == database.journal.verify("replay").message
    assert find_head_in_file(path, short_head(heads[1])).message == (
        "That head is entry 2 of the replay journal (decision, 2023-11-20)."
    )
    assert not find_head_in_file(path, "0" * 32).ok


def test_an_export_names_the_restore_that_lost_a_posted_head(database: Database, tmp_path: Path) -> None:
    lost, path = "ab" * 32, tmp_path / "journal.jsonl"
    fill(database)
    database.journal.append("replay", "restored", DAY, {"lost_heads": [lost]})
    database.journal.export("replay", path)
    found = find_head_in_file(path, short_head(lost))
    assert not found.ok
    assert "lost when a backup was restored on" in found.message
    assert "entry 7 of the replay journal says so" in found.message


def test_a_changed_export_is_named_by_its_entry(database: Database, tmp_path: Path) -> None:
    fill(database)
    path = tmp_path / "journal.jsonl"
    database.journal.export("replay", path)
    lines = path.read_text("utf-8").splitlines()
    fields = json.loads(lines[2])
    fields["body"] = fields["body"].replace("Grüße 2", "Grüsse 2")
    path.write_text("\n".join([*lines[:2], json.dumps(fields), *lines[3:]]), "utf-8")
    verdict = verify_file(path)
    assert verdict.broken is not None
    assert verdict.broken.seq == 3


def test_an_export_of_both_ledgers_names_the_broken_one(database: Database, tmp_path: Path) -> None:
    fill(database)
    database.journal.append("live", "decision", DAY, {"a": 1})
    both = []
    for ledger in ("live", "replay"):
        path = tmp_path / f"{ledger}.jsonl"
        database.journal.export(ledger, path)  # type: ignore[arg-type]
        both.append(path.read_text("utf-8"))
    path.write_text("".join(both), "utf-8")
    assert (verify_file(path).ok, verify_file(path).entries) == (True, 7)
    path.write_text("".join(both).replace('{\\"a\\":1}', '{\\"a\\":2}'), "utf-8")
    assert "live journal is broken at entry 1" in verify_file(path).message


@pytest.mark.parametrize("line", ["nonsense", "[]", "{}", "null", '{"ledger": "live"}', "\udcff", "[" * 100_000])
def test_a_line_that_is_no_entry_is_named(tmp_path: Path, line: str) -> None:
    path = tmp_path / "journal.jsonl"
    path.write_bytes(line.encode("utf-8", "surrogateescape") + b"\n")
    with pytest.raises(BrokenJournal, match="line 1 of"):
        verify_file(path)


def test_a_file_that_cannot_be_read_or_is_empty_is_said(database: Database, tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="cannot be read"):
        verify_file(tmp_path / "nowhere.jsonl")
    (tmp_path / "empty.jsonl").touch()
    with pytest.raises(StorageError, match="holds no journal entry"):
        verify_file(tmp_path / "empty.jsonl")
    with pytest.raises(CannotWrite, match="cannot be written"):
        database.journal.export("replay", tmp_path)

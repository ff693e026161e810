"""Backup, restore and upgrade, on databases that others write to: nothing told is told again, and losses are named."""

from __future__ import annotations

import datetime as dt
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from bot import safekeeping, watching
from bot.lock import only_instance
from bot.settings import Settings
from bot.shelf import DatabaseBook
from engine.errors import BrokenJournal, CannotWrite, CrierError, NewerDatabase, StorageError
from storage import backup, restoring
from storage.chats import Chat
from storage.database import Database, open_database
from storage.outbox import Letter, News

ROOT = Path(__file__).resolve().parents[2]
NOW = dt.datetime(2026, 11, 23, 1, tzinfo=dt.UTC)  # a Monday
DAY = dt.timedelta(days=1)
WEEK = News("week/2026-W48", "weekly", NOW + 3 * DAY)
ELDER = News("notice/live/1/abc", "weekly", NOW + 3 * DAY)
LEASE = dt.timedelta(minutes=2)


@contextmanager
def opened(path: Path) -> Iterator[Database]:
    database = open_database(path)
    try:
        yield database
    finally:
        database.close()


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """A database with a journal of one posted entry, two chats, and one message that waits for both."""
    monkeypatch.chdir(tmp_path)
    found = Settings(database=tmp_path / "crier.db")
    with opened(found.database) as database:
        post(database, "the first")
        for chat in ("1", "2"):
            database.chats.put(Chat("telegram", chat, indices=("defi",)))
        tell(database, ELDER, "1", "2")
    return found


def post(database: Database, what: str) -> str:
    """Chain an entry and post its head; returns the head."""
    with database.atomic():
        database.journal.append("live", "method", NOW.date(), {"what": what})
        return database.notices.add("live", NOW.date(), "", "method", "{}").head


def tell(database: Database, news: News, *chats: str) -> int:
    return database.outbox.enqueue(news, [Letter("said", [("telegram", chat, None) for chat in chats])], NOW)


def send_all(database: Database) -> list[str]:
    """What a sender would send now, as name and chat."""
    rows = database.outbox.claim("telegram", "me", 50, NOW, LEASE)
    for row in rows:
        database.outbox.acknowledge(row.id, "me", "7", NOW)
    return sorted(f"{row.news} {row.chat.chat}" for row in rows)


def kinds(database: Database) -> list[str]:
    return [entry.kind for entry in database.journal.entries("live")]


def break_(path: Path) -> None:
    """Overwrite what no SQLite reads around: the first page, with the log beside it gone."""
    with path.open("r+b") as file:
        file.write(b"\xa5" * 4096)
    for log in backup.beside(path):
        log.unlink(missing_ok=True)


def test_a_backup_is_one_private_file_that_was_read_back(settings: Settings, tmp_path: Path) -> None:
    made = safekeeping.make_backup(settings, tmp_path / "copy.db", NOW)
    assert made.contents.entries == {"live": 1, "replay": 0}
    assert made.path.stat().st_mode & 0o777 == 0o600
    assert [each.name for each in sorted(tmp_path.glob("copy.db*"))] == ["copy.db"]
    with opened(made.path) as copied:
        assert copied.verify("live").ok
    said = safekeeping.told_backup(made)
    assert said.startswith(f"{made.path}: ")
    assert "1 journal entry verified." in said


def test_a_backup_overwrites_nothing(settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "copy.db").write_text("precious", "utf-8")
    with pytest.raises(CannotWrite, match="overwrites nothing"):
        safekeeping.make_backup(settings, tmp_path / "copy.db", NOW)
    assert (tmp_path / "copy.db").read_text("utf-8") == "precious"
    with pytest.raises(CannotWrite, match="choose another path"):
        safekeeping.make_backup(settings, tmp_path / "nowhere" / "copy.db", NOW)


def test_in_a_folder_backups_are_dated_and_only_the_newest_are_kept(settings: Settings, tmp_path: Path) -> None:
    folder = tmp_path / "backups"
    folder.mkdir()
    (folder / "crier-notes.db").write_text("mine", "utf-8")
    names = [safekeeping.make_backup(settings, folder, NOW + hour * DAY / 24, keep=2).path.name for hour in range(4)]
    assert names[0] == "crier-20261123T010000Z.db"
    assert sorted(each.name for each in folder.iterdir()) == [*names[2:], "crier-notes.db"]


def test_a_journal_that_does_not_hold_makes_no_backup(settings: Settings, tmp_path: Path) -> None:
    with closing(sqlite3.connect(settings.database)) as link:
        link.executescript("DROP TRIGGER journal_keeps_values; UPDATE journal SET body = '{}'")
    with pytest.raises(BrokenJournal, match="entry 1"):
        safekeeping.make_backup(settings, tmp_path / "copy.db", NOW)
    assert not list(tmp_path.glob("copy.db*"))


def test_what_was_sent_since_the_backup_is_not_sent_again_and_what_waits_still_waits(
    settings: Settings, tmp_path: Path
) -> None:
    """F9, F10: the queue goes on as it is, however old the journal's backup."""
    made = safekeeping.make_backup(settings, tmp_path / "copy.db", NOW)
    with opened(settings.database) as database:
        assert send_all(database) == [f"{ELDER.name} 1", f"{ELDER.name} 2"]
        tell(database, WEEK, "1")
        assert send_all(database) == [f"{WEEK.name} 1"]
        tell(database, News("change/2026-11-23/3", "danger", NOW + DAY), "2")
    safekeeping.restore(settings, made.path, NOW)
    with opened(settings.database) as database:
        assert tell(database, WEEK, "1", "2") == 1, "the week is decided again, and told to whom it was not told"
        assert send_all(database) == ["change/2026-11-23/3 2", f"{WEEK.name} 2"]


def test_every_table_is_declared_to_come_from_the_backup_or_from_the_database_it_replaces(settings: Settings) -> None:
    """A new table must be named in `storage.restoring`; one that names a chat or a person never comes from a backup."""
    with opened(settings.database) as database:
        raw = database.connection.raw
        columns = {name: {c.name for c in raw[name].columns} for name in raw.table_names() if name[:1] != "_"}
    declared = [*restoring.TOLD, *restoring.CHOSEN, *restoring.DROPPED, *restoring.BACKED_UP]
    assert sorted(declared) == sorted(columns)
    personal = {name for name, found in columns.items() if found & {"platform", "chat", "user"}}
    assert personal & set(restoring.BACKED_UP) == set()
    assert restoring.CRIED == (watching.KNOWN,)


def test_what_the_watch_cried_since_the_backup_it_does_not_cry_again(settings: Settings, tmp_path: Path) -> None:
    """F10: its news bear the minute, so that no name would keep a second cry of the same state away."""
    made = safekeeping.make_backup(settings, tmp_path / "copy.db", NOW)
    with opened(settings.database) as database:
        database.agenda.note(watching.KNOWN, "AAVE collapsed", NOW + DAY)
        database.agenda.note("done/week", "2026-11-30", NOW + DAY)
    safekeeping.restore(settings, made.path, NOW)
    with opened(settings.database) as database:
        assert database.agenda.value(watching.KNOWN) == "AAVE collapsed"
        assert database.agenda.value("done/week") is None, "what is decided follows from the journal that is there"
    before = safekeeping.make_backup(settings, tmp_path / "later.db", NOW)
    with opened(settings.database) as database, database.atomic():
        database.connection.execute("DELETE FROM agenda")
    safekeeping.restore(settings, before.path, NOW + DAY)
    with opened(settings.database) as database:
        assert database.agenda.value(watching.KNOWN) is None


def test_a_restore_is_chained_into_the_journal_with_the_posted_heads_that_are_lost(
    settings: Settings, tmp_path: Path
) -> None:
    """F9: whoever kept a lost head is told where it went."""
    made = safekeeping.make_backup(settings, tmp_path / "copy.db", NOW)
    with opened(settings.database) as database:
        first = database.journal.head("live")
        lost = [post(database, "second"), post(database, "third")]
    restored = safekeeping.restore(settings, made.path, NOW + DAY)
    assert restored.lost["live"].entries == 2
    assert restored.lost["live"].heads == tuple(lost)
    with opened(settings.database) as database:
        assert kinds(database) == ["method", "restored"]
        body = list(database.journal.entries("live"))[-1].body
        assert f'"lost_heads":["{lost[0]}","{lost[1]}"]' in body
        assert f'"restored_from":"{first}"' in body
        assert database.verify("live").ok
        said = DatabaseBook(database, NOW).verify(lost[1])
        assert said.is_found is False
        assert "lost when a backup was restored on 2026-11-24: entry 2 of the live journal" in (said.found or "")
        assert "was rewritten" in (DatabaseBook(database, NOW).verify("ab" * 16).found or "")
    lines = safekeeping.told_restore(restored)
    assert sum(line.startswith("Lost head, posted from the live journal: ") for line in lines) == 2
    assert restored.kept is not None
    with opened(restored.kept) as before:
        assert before.journal.count("live") == 3, "what was replaced can be had back"


def test_choices_of_chats_stay_as_they_are_now_unless_the_backups_are_asked_for(
    settings: Settings, tmp_path: Path
) -> None:
    """Who left since the backup is told nothing, and who was forgotten stays forgotten."""
    with opened(settings.database) as database:
        name = database.audit.pseudonym("telegram", "77")
    made = safekeeping.make_backup(settings, tmp_path / "copy.db", NOW)
    with opened(settings.database) as database:
        database.chats.put(Chat("telegram", "1"))
        database.audit.forget("telegram", "77")
    safekeeping.restore(settings, made.path, NOW)
    with opened(settings.database) as database:
        assert database.chats.get("telegram", "1").indices == ()
        assert database.audit.pseudonym("telegram", "77") != name
    safekeeping.restore(settings, made.path, NOW + DAY, people=True)
    with opened(settings.database) as database:
        assert database.chats.get("telegram", "1").indices == ("defi",)


@pytest.mark.parametrize("spoil", [break_, Path.unlink], ids=["damaged", "gone"])
def test_where_nobody_knows_what_was_told_this_weeks_news_is_not_told_again(
    settings: Settings, tmp_path: Path, spoil: Callable[[Path], None]
) -> None:
    """F9: a finished announcement is never sent again, even where its database cannot be read any more."""
    made = safekeeping.make_backup(settings, tmp_path / "copy.db", NOW)
    spoil(settings.database)
    restored = safekeeping.restore(settings, made.path, NOW)
    assert not restored.known
    assert restored.called_off == 2
    assert "nobody knows what was told" in " ".join(safekeeping.told_restore(restored))
    with opened(settings.database) as database:
        assert tell(database, WEEK, "1", "2") == 0
        assert tell(database, News("change/2026-11-23/5", "danger", NOW + DAY), "1") == 0
        assert send_all(database) == []
        assert tell(database, News("week/2026-W49", "weekly", NOW + 9 * DAY), "1", "2") == 2
        assert kinds(database) == ["method", "restored"]
    if spoil is break_:
        assert restored.kept is not None
        assert restored.kept.read_bytes()[:4] == b"\xa5" * 4


def test_no_preview_from_before_a_restore_can_be_confirmed(settings: Settings, tmp_path: Path) -> None:
    from storage.audit import Identity

    who = Identity("telegram", "1", "77")
    with opened(settings.database) as database:
        code = database.confirmations.keep(who, "{}", NOW)
    made = safekeeping.make_backup(settings, tmp_path / "copy.db", NOW)
    safekeeping.restore(settings, made.path, NOW)
    with opened(settings.database) as database, pytest.raises(CrierError, match="no such code"):
        database.confirmations.redeem(code, who, NOW)


def test_a_restore_is_refused_while_the_service_runs(settings: Settings, tmp_path: Path) -> None:
    made = safekeeping.make_backup(settings, tmp_path / "copy.db", NOW)
    with only_instance(settings.database), pytest.raises(CrierError, match="another Crier already runs"):
        safekeeping.restore(settings, made.path, NOW)


@pytest.mark.parametrize(
    "write, word",
    [
        (lambda path: path.write_bytes(b"no database" * 999), "not a database"),
        (lambda path: sqlite3.connect(path).execute("CREATE TABLE stranger (x)").connection.close(), "no database of"),
        (lambda path: None, "there is no backup at"),
    ],
    ids=["garbage", "a stranger's", "nothing"],
)
def test_what_is_no_backup_is_refused_and_changes_nothing(
    settings: Settings, tmp_path: Path, write: Callable[[Path], None], word: str
) -> None:
    write(tmp_path / "copy.db")
    before = settings.database.read_bytes()
    with pytest.raises(StorageError, match=word):
        safekeeping.restore(settings, tmp_path / "copy.db", NOW)
    assert settings.database.read_bytes() == before


WRITER = """
import datetime as dt, sys, time
from pathlib import Path
from storage.database import open_database
database, stop, count = open_database(sys.argv[1]), Path(sys.argv[2]), 0
at = dt.datetime(2026, 11, 23, tzinfo=dt.UTC)
while not stop.exists():
    with database.atomic():
        database.agenda.note("written", str(count), at)
        database.agenda.note("beside", str(count), at)
    count += 1
    time.sleep(0.01)
    if count == 5:
        print("going", flush=True)
database.close()
"""


def _written(path: Path) -> int:
    with opened(path) as database:
        return int(database.agenda.value("written") or 0)


def test_backup_and_restore_while_another_process_writes(settings: Settings, tmp_path: Path) -> None:
    """Each copy is one instant, the writer goes on unharmed, and finds itself in the restored database."""
    stop = tmp_path / "stop"
    arguments = [sys.executable, "-c", WRITER, str(settings.database), str(stop)]
    with subprocess.Popen(arguments, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as writer:
        try:
            assert writer.stdout is not None
            assert writer.stdout.readline() == "going\n"
            made = [safekeeping.make_backup(settings, tmp_path / f"{i}.db", NOW) for i in range(3)]
            with opened(settings.database) as database:
                lost = post(database, "after the backups")
            restored = safekeeping.restore(settings, made[0].path, NOW)
            before = _written(made[0].path)
            until = time.monotonic() + 20
            while _written(settings.database) <= before and time.monotonic() < until:
                time.sleep(0.02)
        finally:
            stop.touch()
            said = writer.communicate(timeout=30)
    assert (writer.returncode, said) == (0, ("", ""))
    counts = []
    for each in made:
        with opened(each.path) as copied:
            assert copied.agenda.value("written") == copied.agenda.value("beside")
            counts.append(int(copied.agenda.value("written") or 0))
    assert counts == sorted(counts)
    assert restored.lost["live"].heads == (lost,)
    with opened(settings.database) as database:
        database.check_integrity()
        assert kinds(database) == ["method", "restored"]
        assert int(database.agenda.value("written") or 0) > counts[0]


def test_an_upgrade_keeps_a_copy_and_says_what_the_doctor_found(settings: Settings) -> None:
    done = safekeeping.upgrade(settings, NOW)
    assert done.backup.name == "crier.db.before-upgrade-20261123T010000Z"
    assert {"integrity", "journal live"} <= {finding.check for finding in done.findings if finding.ok}
    with opened(done.backup) as before:
        assert before.journal.count("live") == 1


def test_an_upgrade_that_fails_leaves_the_database_as_it_was(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def spoil(path: Path) -> Database:
        with closing(sqlite3.connect(path)) as link:
            link.executescript("CREATE TABLE half_done (x); DROP TABLE chats;")
        raise StorageError("step m999 met a row it does not know.")

    before = dump(settings.database)
    monkeypatch.setattr(safekeeping, "open_database", spoil)
    with pytest.raises(StorageError, match=r"taken back, the database is as it was: step m999 .* a copy lies at"):
        safekeeping.upgrade(settings, NOW)
    assert dump(settings.database) == before


def test_a_database_from_a_newer_version_is_not_upgraded(settings: Settings, tmp_path: Path) -> None:
    with closing(sqlite3.connect(settings.database)) as link:
        (table,) = link.execute("SELECT name FROM sqlite_master WHERE name LIKE '%migrations%'").fetchone()
        columns = [row[1] for row in link.execute(f"PRAGMA table_info({table})")]
        row = dict(zip(columns, link.execute(f"SELECT * FROM {table}").fetchone(), strict=True))
        row |= {"name": "m999_from_the_future"} | ({"id": 999} if "id" in row else {})
        link.execute(f"INSERT INTO {table} VALUES ({', '.join('?' * len(columns))})", list(row.values()))
        link.commit()
    with pytest.raises(NewerDatabase):
        safekeeping.upgrade(settings, NOW)
    assert not list(tmp_path.glob("*before-upgrade*"))


def dump(path: Path) -> list[str]:
    with closing(sqlite3.connect(path)) as link:
        return list(link.iterdump())


def test_a_copy_for_which_there_is_no_room_leaves_nothing_and_blames_its_own_disk(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Small(sqlite3.Connection):
        """A database that may have four pages, as on a disk that is full: what it began it can no longer undo."""

        def __init__(self, path: str, **given: Any) -> None:
            super().__init__(path, **given)
            if str(path).endswith(".part"):
                self.execute("PRAGMA max_page_count = 4")
                Path(f"{path}-journal").write_bytes(b"left by SQLite")

    monkeypatch.setattr(backup.sqlite3, "connect", partial(sqlite3.connect, factory=Small))
    with pytest.raises(CannotWrite, match=r"copy\.db\.part cannot be written, its disk is full"):
        safekeeping.make_backup(settings, tmp_path / "copy.db", NOW)
    assert list(tmp_path.glob("copy*")) == []


def test_where_no_database_was_a_restore_says_so_and_trusts_no_log_that_one_left_behind(
    settings: Settings, tmp_path: Path
) -> None:
    made = safekeeping.make_backup(settings, tmp_path / "copy.db", NOW)
    elsewhere = settings.model_copy(update={"database": tmp_path / "new.db"})
    (tmp_path / "new.db-wal").write_bytes(b"what a database that is gone left behind" * 999)
    restored = safekeeping.restore(elsewhere, made.path, NOW)
    assert "There was no database here before" in " ".join(safekeeping.told_restore(restored))
    assert elsewhere.database.stat().st_mode & 0o777 == 0o600
    with opened(elsewhere.database) as database:
        database.check_integrity()
        assert kinds(database) == ["method", "restored"]

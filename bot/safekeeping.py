"""`crier backup`, `crier restore` and `crier upgrade`: copies that were read back, and a way back to them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from bot.brief import STEPS
from bot.doctor import examine as diagnose
from bot.finding import Finding
from bot.lock import only_instance
from bot.phrases import counted
from bot.settings import Settings
from engine.errors import CannotWrite, CrierError, NewerDatabase, StorageError
from engine.model import LEDGERS, Ledger, iso_week
from storage import backup, restoring
from storage.backup import Contents
from storage.chain import short_head
from storage.database import Database, open_database
from storage.restoring import Lost

VITAL = ("database", "integrity", *(f"journal {ledger}" for ledger in LEDGERS))  # an upgrade must not spoil these


@dataclass(frozen=True, slots=True)
class Backup:
    """A copy that was made and verified, and the older ones that made room for it."""

    path: Path
    contents: Contents
    removed: tuple[Path, ...] = ()


@dataclass(frozen=True, slots=True)
class Restored:
    """What came of a restore: what was lost by ledger, where the replaced database lies, how much waiting was called
    off; `known` is whether the replaced one could be read."""

    contents: Contents
    lost: Mapping[Ledger, Lost]
    kept: Path | None
    called_off: int
    known: bool


@dataclass(frozen=True, slots=True)
class Upgraded:
    """The copy from before, and what the doctor says of the database now."""

    backup: Path
    findings: tuple[Finding, ...]


def make_backup(settings: Settings, path: Path, now: dt.datetime, keep: int | None = None) -> Backup:
    """Copy the live database to `path`, or to a dated file in the folder `path`; there keep the newest `keep` alone."""
    if keep is not None and not path.is_dir():
        raise CannotWrite(
            f"{path} is no folder, in which alone older backups make room: create it, or leave --keep out."
        )
    target = path / f"{settings.database.stem}-{_stamp(now)}.db" if path.is_dir() else path
    contents = backup.back_up(settings.database, target)
    removed = []
    if keep is not None:
        made = sorted(path.glob(f"{settings.database.stem}-[0-9]*T[0-9]*Z.db"))
        for old in made[:-keep]:
            old.unlink(missing_ok=True)
            removed.append(old)
    return Backup(target, contents, tuple(removed))


def restore(settings: Settings, path: Path, now: dt.datetime, people: bool = False) -> Restored:
    """Put a backup in the database's place, so that nothing told is told again and the journal says what was lost.

    Chats and their choices stay as they are now, unless `people` takes them from the backup too. The service must not
    run; others that write wait, and go on with what was restored.
    """
    backup.examine(path)
    database = settings.database
    with only_instance(database):
        work = database.with_name(f"{database.name}.restoring")
        try:
            backup.copy(path, work)
            before = _readable(database)
            contents, lost, called_off = _prepare(work, database if before else None, now, people)
            kept = _put_in_place(database, work, before, now)
        finally:
            for leftover in (work, *backup.beside(work)):
                leftover.unlink(missing_ok=True)
    return Restored(contents, lost, kept, called_off, before)


def upgrade(settings: Settings, now: dt.datetime) -> Upgraded:
    """Copy the database as it is, bring its schema up to date, examine it; where that fails, put the copy back."""
    database = settings.database
    with only_instance(database):
        copy = database.with_name(f"{database.name}.before-upgrade-{_stamp(now)}")
        backup.back_up(database, copy)
        try:
            open_database(database).close()
            findings = tuple(diagnose(settings, now))
            failed = [f"{each.check}: {each.says}" for each in findings if each.check in VITAL and not each.ok]
            if failed:
                raise StorageError("; ".join(failed).rstrip("."))
        except NewerDatabase:
            copy.unlink()
            raise
        except CrierError as error:
            backup.overwrite(database, copy)
            raise StorageError(
                f"the upgrade failed and was taken back, the database is as it was: {str(error).rstrip('.')}. "
                f"Run the version from before; a copy lies at {copy}."
            ) from error
    return Upgraded(copy, findings)


def _readable(database: Path) -> bool:
    """Whether the database can be opened and says what was told and to whom."""
    if not database.exists():
        return False
    with suppress(StorageError):
        opened = open_database(database)
        try:
            opened.check_integrity()
        finally:
            opened.close()
        return True
    return False


def _prepare(
    work: Path, replaced: Path | None, now: dt.datetime, people: bool
) -> tuple[Contents, Mapping[Ledger, Lost], int]:
    """Bring the copy up to date, let it know what was told since, and chain the restore into its journals."""
    opened = open_database(work)
    try:
        lost, called_off = restoring.lost_entries(opened, replaced), 0
        with opened.atomic():
            restoring.drop_codes(opened)
            if replaced is not None:
                restoring.carry_over(opened, replaced, people=not people)
            else:
                called_off = restoring.call_off(opened, might_be_told(now), now)
            restoring.note_restored(opened, lost, now.date())
        _verify(opened)
    finally:
        opened.close()
    return backup.examine(work), lost, called_off


def _verify(opened: Database) -> None:
    opened.check_integrity()
    for ledger in LEDGERS:
        opened.verify(ledger).check()


def _put_in_place(database: Path, work: Path, readable: bool, now: dt.datetime) -> Path | None:
    """Let the database hold the prepared copy; returns where the one before lies."""
    name = f"{database.name}.before-restore-{_stamp(now)}"
    if not readable:
        kept = backup.set_aside(database, name) if database.exists() else None
        backup.move_in(work, database)
        return kept
    kept = database.with_name(name)
    backup.copy(database, kept)
    backup.overwrite(database, work)
    return kept


def might_be_told(now: dt.datetime) -> dict[str, str]:
    """The news, by name, that the schedule may compose anew at this hour, each with its kind."""
    today, week = now.date(), iso_week(now.date())
    told = {f"week/{week}": "weekly", f"watched/{week}": "watched"}
    return told | {f"change/{today}/{level}": "danger" for level in range(max(STEPS.values()) + 1)}


def _stamp(now: dt.datetime) -> str:
    return f"{now:%Y%m%dT%H%M%SZ}"


def told_backup(made: Backup) -> str:
    """One sentence about a backup."""
    entries = counted(sum(made.contents.entries.values()), "journal entry", "journal entries")
    gone = f" {counted(len(made.removed), 'older backup')} removed." if made.removed else ""
    return f"{made.path}: {made.contents.bytes / 1e6:.1f} MB, every page read back, {entries} verified.{gone}"


def told_restore(restored: Restored) -> list[str]:
    """What an operator must know after a restore, a line each."""
    lines = ["Restored, and verified: " + told_contents(restored.contents)]
    if restored.kept:
        lines.append(f"The database from before lies at {restored.kept}: delete it once you need it no more.")
    if not restored.known:
        before = "The database from before cannot be read" if restored.kept else "There was no database here before"
        lines.append(
            f"{before}, so nobody knows what was told since the backup: "
            f"{counted(restored.called_off, 'waiting message')} called off, and this week's news is not told again."
        )
    for ledger, gone in restored.lost.items():
        if gone.entries:
            verb = "is" if gone.entries == 1 else "are"
            lines.append(f"{counted(gone.entries, 'entry', 'entries')} of the {ledger} journal {verb} lost.")
        lines += [f"Lost head, posted from the {ledger} journal: {short_head(head)}" for head in gone.heads or ()]
    return lines


def told_contents(contents: Contents) -> str:
    """`live journal 12 entries, head ...`."""
    return (
        "; ".join(
            f"{ledger} journal {counted(contents.entries[ledger], 'entry', 'entries')}, head {short_head(head)}"
            for ledger, head in contents.heads.items()
            if head
        )
        or "an empty journal"
    )

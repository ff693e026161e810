"""Files that others write, taken or refused in words: an exported journal, settings, a list of outlets."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from emulators.decided import make_decided
from fuzz.replayed import HOSTILE, TEXTS, edits, pieces, reshape
from hypothesis import given, settings, strategies as st

from bot.settings import Settings, read_settings
from bot.verifying import verify_journal
from engine.errors import BadConfiguration, BadRequest, BrokenJournal, StorageError
from engine.sources.outlets import read_outlets
from storage import journal_file
from storage.database import open_database
from storage.journal_file import read_file

SECRET = "123456789:AASecretSecretSecretSecretSecretSec"
KINDS = ("signals", "decision", "settlement")
FIELDS = ("ledger", "seq", "kind", "date", "body", "previous", "hash")


@pytest.fixture(scope="module")
def lines(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    """A true journal, cut to the few entries of one track: short enough to be judged anew in each example."""
    path = tmp_path_factory.mktemp("journal") / "crier.db"
    make_decided(path, until=1)
    database = open_database(path)
    try:
        entries = list(database.journal.entries("live"))
    finally:
        database.close()
    told = [{name: getattr(entry, name) for name in FIELDS} | {"date": entry.date.isoformat()} for entry in entries]
    kept = [line for line in told if '"index":"defi"' in line["body"] and '"mode":"balanced"' in line["body"]]
    assert {line["kind"] for line in kept} == {"decision", "settlement"}
    return list(_chained(kept))


def _chained(told: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """The entries with every hash made anew, as a forger would."""
    last = "0" * 64
    for number, line in enumerate(told, 1):
        text = "\n".join([last, line["ledger"], str(number), line["kind"], line["date"], line["body"]])
        hash_ = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
        yield line | {"seq": number, "previous": last, "hash": hash_}
        last = hash_


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("files")


def verified(path: Path, body: bytes, head: str | None = None) -> bool:
    """Whether a journal holds; whatever is in it, nothing but a verdict or a sentence comes of it."""
    path.write_bytes(body)
    start = time.process_time()
    try:
        verdict = verify_journal(Settings(_env_file=None), head, path)  # type: ignore[call-arg]
        said = verdict.message
    except (BrokenJournal, StorageError, BadRequest) as error:
        said = str(error)
        verdict = None
    assert time.process_time() - start < 5
    assert said.endswith(".")
    said.encode()
    return verdict is not None and verdict.ok


def test_the_journal_holds_before_anything_is_done_to_it(lines: list[dict[str, Any]], folder: Path) -> None:
    assert verified(folder / "sound.jsonl", _written(lines))


def _written(told: list[dict[str, Any]]) -> bytes:
    return "".join(json.dumps(line) + "\n" for line in told).encode()


@given(data=st.data())
def test_a_damaged_export_never_holds_and_says_so_in_a_sentence(
    data: st.DataObject, lines: list[dict[str, Any]], folder: Path
) -> None:
    body = _written(lines)
    at = data.draw(st.integers(0, len(body) - 1))
    piece = data.draw(pieces)
    cut = data.draw(st.integers(0, 60))
    damaged = body[:at] + piece + body[at + cut :]
    read = [line for line in damaged.splitlines() if line.strip()]
    same = [json.loads(line) for line in read] == lines if _is_json(read) else False
    assert verified(folder / "damaged.jsonl", damaged) <= (same or len(read) < len(lines))


def _is_json(read: list[bytes]) -> bool:
    try:
        return all(isinstance(json.loads(line), dict) for line in read)
    except (ValueError, RecursionError):
        return False


@given(data=st.data())
def test_whatever_a_forger_chains_anew_is_judged_in_words(
    data: st.DataObject, lines: list[dict[str, Any]], folder: Path
) -> None:
    forged = [dict(line) for line in lines]
    line = data.draw(st.sampled_from(forged))
    body = json.loads(line["body"])
    changed = reshape(body, data.draw(edits(body)))
    line["body"] = json.dumps(changed, sort_keys=True, separators=(",", ":"))
    if data.draw(st.booleans()):
        line[data.draw(st.sampled_from(("kind", "ledger", "date")))] = data.draw(
            st.sampled_from([text for text in (*TEXTS, *KINDS, "live", "replay", "2023-11-13") if text != "\ud800"])
        )
    verified(folder / "forged.jsonl", _written(list(_chained(forged))))


@given(head=st.one_of(st.sampled_from(TEXTS), st.text(max_size=80), st.text("0123456789abcdef -", max_size=80)))
def test_any_words_in_a_head_s_place_are_answered(head: str, lines: list[dict[str, Any]], folder: Path) -> None:
    verified(folder / "sound.jsonl", _written(lines), head)


def test_a_line_without_end_is_refused_before_it_is_read(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journal_file, "LONGEST_LINE", 1000)
    path = folder / "endless.jsonl"
    path.write_bytes(b"x" * 100_000)
    with pytest.raises(BrokenJournal, match=r"line 1 of .* is longer than 1,000 bytes: it is no journal entry"):
        list(read_file(path))


NAMES = tuple(f"CRIER_{name.upper()}" for name in Settings.model_fields)
written = st.one_of(st.sampled_from([str(value) for value in HOSTILE]), st.text(max_size=30), st.sampled_from(NAMES))
setting = st.one_of(
    st.tuples(st.sampled_from(NAMES), st.sampled_from(("=", "='", '="', " = ", "")), written).map("".join), written
)


@contextlib.contextmanager
def alone(folder: Path) -> Iterator[None]:
    """In a folder of one's own, and no setting in the environment."""
    kept = {name: os.environ.pop(name) for name in list(os.environ) if name.upper().startswith("CRIER_")}
    try:
        with contextlib.chdir(folder):
            yield
    finally:
        os.environ.update(kept)


@given(given_lines=st.lists(setting, max_size=6), ending=st.sampled_from((b"", b"\xff", b"\x00", b"\r\n")))
@settings(max_examples=max(settings.default.max_examples // 2, 1))
def test_a_settings_file_is_read_or_every_complaint_is_told_without_its_secrets(
    given_lines: list[str], ending: bytes, folder: Path
) -> None:
    text = "\n".join([f"CRIER_TELEGRAM_TOKEN={SECRET}", *given_lines])
    with alone(folder):
        Path(".env").write_bytes(text.encode("utf-8", "replace") + ending)
        try:
            found = read_settings()
        except BadConfiguration as error:
            assert str(error).startswith("settings: ")
            assert str(error).endswith(".")
            assert SECRET not in str(error)
        else:
            assert SECRET not in repr(found)
            assert SECRET not in str(found)


OUTLET = """[coindesk]
kind = "crypto"
title = "CoinDesk"
url = "https://www.coindesk.com/arc/outboundfeeds/rss"
"""


@given(data=st.data())
def test_a_list_of_outlets_is_read_or_refused_by_name(data: st.DataObject) -> None:
    at, cut = data.draw(st.integers(0, len(OUTLET))), data.draw(st.integers(0, 30))
    piece = data.draw(st.one_of(st.sampled_from([str(value) for value in HOSTILE]), st.text(max_size=12)))
    text = OUTLET[:at] + piece + OUTLET[at + cut :]
    try:
        found = read_outlets(text)
    except BadConfiguration as error:
        assert str(error).endswith(".")
    else:
        assert all(outlet.url.startswith("https://") for outlet in found.values() if outlet.url)

"""Whatever is done to an archive's files, an import takes what is sane and keeps no part of a bad file."""

from __future__ import annotations

import gzip
import math
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from fuzz.replayed import CELL, pieces
from hypothesis import HealthCheck, given, settings, strategies as st

from bot.importing import import_archive
from engine.errors import BadArchive
from engine.sources.archive import CANDLES, FEAR_GREED, FILES, HEADLINES, MACRO, ONCHAIN, SNAPSHOTS, TOKENS
from storage.database import Database, open_database

KEPT_IN = {  # a file, and what of the database is its own
    TOKENS: "tokens", CANDLES: "candles", SNAPSHOTS: "snapshots", HEADLINES: "headlines",
    FEAR_GREED: "measures WHERE metric = 'fear_greed'", MACRO: "measures WHERE metric IN ('vix', 'm2')",
    ONCHAIN: "measures WHERE metric IN ('active_addresses', 'defi_tvl')",
}  # fmt: skip
MOST_SECONDS = 5.0  # of processor, for a dozen rows


class Undone(Exception):
    """Takes an example's transaction back."""


@pytest.fixture(scope="module")
def database() -> Iterator[Database]:
    opened = open_database(":memory:")
    yield opened
    opened.close()


@pytest.fixture
def archive_of(small_archive: Callable[..., Path], tmp_path: Path) -> Callable[[], Path]:
    """A fresh copy of the same small archive."""
    original = small_archive()

    def copy() -> Path:
        folder = tmp_path / "copy"
        shutil.rmtree(folder, ignore_errors=True)
        return Path(shutil.copytree(original, folder))

    return copy


def spoil(path: Path, data: st.DataObject) -> None:
    """Overwrite cells of the table, or bytes of the file as it lies there."""
    packed = path.suffix == ".gz"
    body = path.read_bytes()
    if data.draw(st.booleans()):
        at, cut = data.draw(st.integers(0, len(body))), data.draw(st.integers(0, 60))
        path.write_bytes(body[:at] + data.draw(pieces) + body[at + cut :])
        return
    cells = CELL.split(gzip.decompress(body) if packed else body)
    for _ in range(data.draw(st.integers(1, 5))):
        cells[data.draw(st.integers(0, len(cells) - 1))] = data.draw(pieces)
    text = b"".join(cells)
    path.write_bytes(gzip.compress(text, 1) if packed else text)


@given(data=st.data())
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_an_import_stores_what_is_sane_and_of_a_bad_file_nothing(
    data: st.DataObject, archive_of: Callable[[], Path], database: Database
) -> None:
    folder = archive_of()
    for file in data.draw(st.lists(st.sampled_from(FILES), min_size=1, max_size=2, unique=True)):
        spoil(folder / file, data)
    began = time.process_time()
    with pytest.raises(Undone), database.atomic():
        try:
            import_archive(database, folder)
        except BadArchive as error:
            assert str(error).endswith(".")
            (file,) = (file for file in FILES if str(error).startswith(file))
            assert _count(database, KEPT_IN[file]) == 0
        _check_sane(database)
        raise Undone
    assert time.process_time() - began < MOST_SECONDS


def _count(database: Database, table: str) -> int:
    ((count,),) = database.connection.rows(f"SELECT COUNT(*) FROM {table}")
    return int(count)


def _check_sane(database: Database) -> None:
    rows = database.connection.rows
    for table, columns in (
        ("candles", "open, high, low, close, volume_usd"), ("measures", "value"),
        ("snapshots", "rank, price, market_cap, supply, volume_24h_usd"),
    ):  # fmt: skip
        for numbers in rows(f"SELECT {columns} FROM {table}"):
            assert all(number is None or math.isfinite(number) for number in numbers)
    for table, columns in (
        ("tokens", "symbol, name"), ("candles", "source"), ("measures", "subject, source"),
        ("headlines", "source, subject, title, author"),
    ):  # fmt: skip
        for texts in rows(f"SELECT {columns} FROM {table}"):
            assert all(text.encode() is not None and "\x00" not in text and "\n" not in text for text in texts)

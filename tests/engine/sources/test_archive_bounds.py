"""An archive of a stranger: bombs, endless lines, links and swarms of streams cost one sentence and little else."""

from __future__ import annotations

import gzip
import os
import tracemalloc
import zlib
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, strategies as st

from engine.errors import BadArchive
from engine.sources import archive_table, unpacking
from engine.sources.archive import Archive
from engine.sources.archive_table import EXCERPT, LONGEST_LINE, MOST_UNUSED, RowLog
from engine.sources.unpacking import Unpacked, opened

SmallArchive = Callable[..., Path]
CANDLES = "candles.csv.gz"
GOOD = "2023-02-01,BTC,100,110,90,105,1e6,venue,0"


def refusal(source: Archive) -> str:
    with pytest.raises(BadArchive) as error:
        list(source.all_candles())
    return str(error.value)


def unpacked(path: Path) -> bytes:
    with opened(path) as file, Unpacked(path, file) as raw:
        return raw.readall()


def test_a_bomb_is_put_out_at_the_bound(small_archive: SmallArchive, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = small_archive()
    monkeypatch.setattr(unpacking, "MOST_BYTES", 1 << 20)
    good = gzip.decompress((folder / CANDLES).read_bytes())
    (folder / CANDLES).write_bytes(gzip.compress(good + b"\n" * (2 << 20)))
    assert refusal(Archive(folder)) == (
        "candles.csv.gz unpacks to more than 1 MB: it is not a file of a market archive."
    )


def test_a_large_file_that_is_not_packed_is_bounded_too(
    small_archive: SmallArchive, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = small_archive()
    monkeypatch.setattr(unpacking, "MOST_BYTES", 1 << 20)
    with (folder / "fear_greed.csv").open("ab") as file:
        file.truncate(2 << 20)
    with pytest.raises(BadArchive, match="more than 1 MB"):
        list(Archive(folder).all_measures("fear_greed.csv"))


def test_an_endless_line_costs_its_row_and_no_memory(small_archive: SmallArchive) -> None:
    folder = small_archive()
    good = gzip.decompress((folder / CANDLES).read_bytes())
    (folder / CANDLES).write_bytes(gzip.compress(good + b"x" * (8 << 20) + b"\n" + GOOD.encode() + b"\n", 1))
    source = Archive(folder)
    source.tokens()
    tracemalloc.start()
    try:
        rows = list(source.all_candles())
        assert tracemalloc.get_traced_memory()[1] < 1 << 20
    finally:
        tracemalloc.stop()
    assert len(rows) == 37
    assert source.logs[CANDLES].refused == {f"longer than {LONGEST_LINE:,} characters": 1}
    assert source.refusals[-1].row_excerpt == "x" * EXCERPT


@pytest.mark.parametrize("more", [-1, 0, 1])
def test_a_line_counts_once_however_near_it_is_to_the_longest(small_archive: SmallArchive, more: int) -> None:
    length = LONGEST_LINE + more
    folder = small_archive(extra={CANDLES: ["y" * length, GOOD]})
    source = Archive(folder)
    assert len(list(source.all_candles())) == 37
    assert source.refused == 1
    source = Archive(small_archive(extra={CANDLES: [GOOD, "y" * length]}, name="at-the-end"))
    assert len(list(source.all_candles())) == 37
    assert source.refused == 1


def test_a_header_without_end_is_no_header(small_archive: SmallArchive) -> None:
    folder = small_archive()
    (folder / CANDLES).write_bytes(gzip.compress(b"date," * 100_000))
    assert "has no column symbol" in refusal(Archive(folder))


def test_lines_are_counted(small_archive: SmallArchive, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive_table, "MOST_LINES", 37)
    source = Archive(small_archive())
    assert len(list(source.all_candles())) == 36
    source = Archive(small_archive(extra={CANDLES: [""] * 2}, name="longer"))
    assert refusal(source) == "candles.csv.gz has more than 37 lines: split the archive by years."


def test_streams_are_counted(small_archive: SmallArchive, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unpacking, "MOST_MEMBERS", 20)
    folder = small_archive()
    whole = (folder / CANDLES).read_bytes()
    (folder / CANDLES).write_bytes(whole + gzip.compress(b"") * 19)
    assert len(list(Archive(folder).all_candles())) == 36
    (folder / CANDLES).write_bytes(whole + gzip.compress(b"") * 20)
    assert refusal(Archive(folder)) == "candles.csv.gz is made of more than 20 gzip streams: pack it anew as one."


@pytest.mark.parametrize("target", ["here", "elsewhere", "nowhere"])
@pytest.mark.parametrize("file", [CANDLES, "macro.csv.gz", "tokens.csv"])
def test_a_link_is_refused_wherever_it_leads(
    small_archive: SmallArchive, tmp_path: Path, file: str, target: str
) -> None:
    folder = small_archive()
    path = folder / file
    other = {"here": folder / "real", "elsewhere": tmp_path / "real", "nowhere": tmp_path / "none"}[target]
    path.rename(folder / "real" if target == "here" else tmp_path / "real")
    path.symlink_to(other)
    with pytest.raises(BadArchive) as error:
        Archive(folder)
    assert str(error.value) == f"{file} is a symbolic link: put the file itself into the archive folder."


def test_a_link_put_there_later_is_not_followed_either(small_archive: SmallArchive, tmp_path: Path) -> None:
    folder = small_archive()
    source = Archive(folder)
    source.tokens()
    (folder / CANDLES).rename(tmp_path / "real")
    (folder / CANDLES).symlink_to(tmp_path / "real")
    assert "symbolic link" in refusal(source)


def test_the_folder_itself_may_be_a_link_that_the_operator_set(small_archive: SmallArchive, tmp_path: Path) -> None:
    (tmp_path / "archive").symlink_to(small_archive())
    assert len(list(Archive(tmp_path / "archive").all_candles())) == 36


def test_a_pipe_in_a_files_place_keeps_nobody_waiting(small_archive: SmallArchive) -> None:
    folder = small_archive()
    source = Archive(folder)
    source.tokens()
    (folder / CANDLES).unlink()
    os.mkfifo(folder / CANDLES)
    assert refusal(source) == "candles.csv.gz is no plain file: put the file itself into the archive folder."


def test_names_that_nobody_reads_are_counted_up_to_a_bound() -> None:
    log = RowLog("onchain.csv.gz")
    for number in range(MOST_UNUSED + 5):
        log.leave(f"{number}" + "x" * 1000)
    log.leave("0" + "x" * 1000)
    assert log.unused.total() == MOST_UNUSED + 6
    assert log.unused["others"] == 5
    assert max(map(len, log.unused)) == EXCERPT


@given(
    st.lists(st.binary(max_size=300), max_size=4),
    st.booleans(),
    st.integers(0, 9),
)
def test_what_is_unpacked_is_what_gzip_itself_unpacks(
    tmp_path_factory: pytest.TempPathFactory, parts: list[bytes], padded: bool, level: int
) -> None:
    path = tmp_path_factory.getbasetemp() / "parts.csv.gz"
    path.write_bytes(b"".join(gzip.compress(part, level) + b"\0" * (7 * padded) for part in parts))
    assert unpacked(path) == b"".join(parts) == gzip.decompress(path.read_bytes())


@given(st.data())
def test_no_damage_to_a_packed_file_does_more_than_have_it_refused(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    body = bytearray(gzip.compress(b"a line,of,text\n" * 40, mtime=0) + gzip.compress(bytes(range(50)), mtime=0))
    for _ in range(data.draw(st.integers(1, 4))):
        at, cut = data.draw(st.integers(0, len(body))), data.draw(st.integers(0, 9))
        body[at : at + cut] = data.draw(st.binary(max_size=9))
    path = tmp_path_factory.getbasetemp() / "damaged.csv.gz"
    path.write_bytes(body)
    with suppress(EOFError, zlib.error):
        assert len(unpacked(path)) < 1000

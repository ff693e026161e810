from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields
from io import StringIO
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

from bot.importing import ImportReport, import_archive
from engine.errors import BadArchive, StorageError
from engine.model import Token, TokenKind
from engine.panel import Panel, build_panel
from engine.sources.archive import FILES, Archive
from storage.database import Database, open_database
from storage.market import SIMULATED

SmallArchive = Callable[..., Path]
AS_OF = dt.date(2023, 1, 13)


@pytest.fixture
def database() -> Iterator[Database]:
    opened = open_database(":memory:")
    yield opened
    opened.close()


def rows(report: ImportReport, name: str) -> dict[str, int]:
    return {file.file: getattr(file, name) for file in report.files}


def changes(database: Database) -> int:
    return database.connection.raw.conn.total_changes


def assert_same(one: Panel, other: Panel) -> None:
    """Equal bit by bit in every field, NaN beside NaN."""
    for field in fields(Panel):
        a, b = getattr(one, field.name), getattr(other, field.name)
        if isinstance(a, np.ndarray):
            np.testing.assert_array_equal(a, b, err_msg=field.name)
        elif isinstance(a, Mapping):
            assert a.keys() == b.keys()
            for key in a:
                np.testing.assert_array_equal(a[key], b[key], err_msg=f"{field.name} {key}")
        else:
            assert a == b, field.name


def test_an_import_brings_everything_and_says_how_much(database: Database, small_archive: SmallArchive) -> None:
    report = import_archive(database, small_archive())
    assert rows(report, "new") == {
        "tokens.csv": 4,
        "candles.csv.gz": 36,
        "snapshots.csv.gz": 3,
        "onchain.csv.gz": 2,
        "fear_greed.csv": 12,
        "macro.csv.gz": 2,
        "headlines.csv.gz": 2,
    }
    assert report.refused == 0
    assert sum(sum(file.unused.values()) for file in report.files) == 3
    assert database.market.provenance("archive") == "small-archive"


def test_the_database_then_shows_the_same_panel_as_the_archive(database: Database, small_archive: SmallArchive) -> None:
    folder = small_archive()
    import_archive(database, folder)
    assert_same(build_panel(database.market, AS_OF), build_panel(Archive(folder), AS_OF))


def test_a_second_import_changes_no_row(database: Database, small_archive: SmallArchive) -> None:
    folder = small_archive(extra={"candles.csv.gz": ["2023-02-01,WAT,1,1,1,1,1,v,0"]})
    first = import_archive(database, folder)
    before = changes(database)
    second = import_archive(database, folder)
    assert changes(database) == before
    assert rows(second, "same") == rows(first, "new")
    assert set(rows(second, "new").values()) == set(rows(second, "changed").values()) == {0}


def test_a_corrected_row_is_the_only_change(database: Database, small_archive: SmallArchive) -> None:
    import_archive(database, small_archive())
    corrected = small_archive(replace={"fear_greed.csv": ["date,value", "2023-01-01,30", "2023-01-02,99"]}, name="next")
    report = import_archive(database, corrected)
    assert rows(report, "changed") | {"fear_greed.csv": 0} == dict.fromkeys(FILES, 0)
    assert rows(report, "changed")["fear_greed.csv"] == 1


def test_tokens_that_were_there_keep_their_ids(database: Database, small_archive: SmallArchive) -> None:
    database.market.put_tokens([Token(0, symbol, symbol, TokenKind.COIN) for symbol in ("ZZZ", "USDC")])
    before = database.market.token_ids()
    folder = small_archive()
    import_archive(database, folder)
    after = database.market.token_ids()
    assert {symbol: after[symbol] for symbol in before} == before
    panel, direct = build_panel(database.market, AS_OF), build_panel(Archive(folder), AS_OF)
    np.testing.assert_array_equal(panel.close, direct.close)
    np.testing.assert_array_equal(panel.supply, direct.supply)


def test_refused_rows_are_remembered_with_their_reason(database: Database, small_archive: SmallArchive) -> None:
    bad = {"candles.csv.gz": ["2023-02-01,WAT,1,1,1,1,1,v,0", "2023-02-01,[red]X,1,1,1,1,1,v,0"]}
    report = import_archive(database, small_archive(extra=bad))
    assert database.market.refusal_counts() == {("candles.csv.gz", "unknown symbol"): 2}
    assert len(report.examples) == 2
    out = StringIO()
    report.print(Console(file=out, width=120))
    text = out.getvalue()
    assert "candles.csv.gz: 2 refused, unknown symbol" in text
    assert "[red]X" in text
    import_archive(database, small_archive(name="clean"))
    assert database.market.refusal_counts() == {}


def test_names_answer_after_an_import(database: Database, small_archive: SmallArchive) -> None:
    import_archive(database, small_archive())
    for text in ("bitcoin", "$btc", "XBT"):
        assert [token.symbol for token in database.market.find(text)] == ["BTC"]
    assert [token.symbol for token in database.market.find("na")] == ["NA"]


def test_a_file_that_breaks_off_leaves_nothing_of_itself(database: Database, small_archive: SmallArchive) -> None:
    folder = small_archive()
    path = folder / "candles.csv.gz"
    path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(BadArchive, match="candles"):
        import_archive(database, folder)
    assert database.market.counts()["tokens"] == 4
    assert database.market.counts()["candles"] == 0


def test_a_simulated_market_is_not_mixed_with_a_real_one(database: Database, small_archive: SmallArchive) -> None:
    database.market.set_provenance(SIMULATED, "yes")
    with pytest.raises(StorageError, match="SIMULATED"):
        import_archive(database, small_archive())


def test_progress_ends_at_the_end_of_every_file(database: Database, small_archive: SmallArchive) -> None:
    seen: dict[str, tuple[int, int | None]] = {}
    import_archive(database, small_archive(), lambda file, done, total: seen.update({file: (done, total)}))
    assert seen.keys() == set(FILES)
    assert all(done == total for done, total in seen.values())


def test_the_report_is_plain_data(database: Database, small_archive: SmallArchive) -> None:
    report = import_archive(database, small_archive(omit=["macro.csv.gz"])).to_dict()
    assert [file["file"] for file in report["files"]] == [file for file in FILES if file != "macro.csv.gz"]
    assert report["refused"] == 0


def test_the_real_archive_gives_the_same_panel_through_the_database(database: Database, archive: Path) -> None:
    report = import_archive(database, archive)
    assert rows(report, "new")["candles.csv.gz"] == 331_955
    assert rows(report, "new")["onchain.csv.gz"] == 355_695
    assert set(rows(report, "same").values()) == set(rows(report, "changed").values()) == {0}
    assert report.refused == 2  # two headlines that stand twice
    as_of = dt.date(2024, 1, 1)
    stored = build_panel(database.market, as_of)
    assert stored.close.shape == (1826, 300)
    assert_same(stored, build_panel(Archive(archive), as_of))

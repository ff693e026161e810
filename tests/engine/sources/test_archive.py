from __future__ import annotations

import datetime as dt
import gzip
import math
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, strategies as st

from engine.errors import BadArchive
from engine.measures import KINDS
from engine.model import Candle, TokenKind
from engine.panel import build_panel
from engine.sources.archive import COLUMNS, FILES, MEASURE_FILES, Archive
from engine.sources.archive_rows import (
    CandleRows,
    HeadlineRows,
    MeasureRows,
    SnapshotRows,
    TokenRows,
    read_fear_greed,
    read_macro,
    read_onchain,
)
from engine.sources.archive_table import Refused, Unused

SmallArchive = Callable[..., Path]
LATER = dt.date(2024, 1, 1)
GOOD = "2023-02-01,BTC,100,110,90,105,1e6,venue,0"


def read_all(source: Archive) -> None:
    list(source.all_candles())
    list(source.all_snapshots())
    for file in MEASURE_FILES:
        list(source.all_measures(file))
    source.all_headlines()


def reasons(source: Archive) -> dict[tuple[str, str], int]:
    read_all(source)
    return {(log.file, reason): count for log in source.logs.values() for reason, count in log.refused.items()}


def test_a_clean_archive_loses_no_row(small_archive: SmallArchive) -> None:
    source = Archive(small_archive())
    assert reasons(source) == {}
    assert len(list(source.candles(LATER))) == 36
    assert source.refused == 0
    assert not source.is_simulated()


def test_tokens_are_numbered_by_symbol_with_those_only_ranked(small_archive: SmallArchive) -> None:
    found = Archive(small_archive()).tokens()
    assert [(t.id, t.symbol) for t in found] == [(1, "BTC"), (2, "GONE"), (3, "NA"), (4, "USDC")]
    assert (found[1].name, found[1].kind, found[1].themes) == ("Gone Coin", TokenKind.COIN, ())
    assert found[2].themes == ("defi", "ai")


def test_a_token_called_na_is_a_token(small_archive: SmallArchive) -> None:
    source = Archive(small_archive())
    assert sum(candle.token == 3 for candle in source.candles(LATER)) == 12


def test_a_panel_is_built_from_it(small_archive: SmallArchive) -> None:
    panel = build_panel(Archive(small_archive()), dt.date(2023, 1, 9))
    assert panel.symbols == ["BTC", "NA", "USDC"]
    assert panel.close.shape == (8, 3)
    assert panel.market_measures["fear_greed"][-1] == 37  # of 8 January: Monday's own is not seen on Monday
    assert panel.token_measures["active_addresses"][2, 0] == 900_000  # of the 2nd, a day late
    assert [headline.title for headline in panel.headlines] == ["Bitcoin rises, again", "A day without an hour"]


@pytest.mark.rule("1.1")
def test_nothing_on_or_after_the_day_asked_for_is_shown(small_archive: SmallArchive) -> None:
    source, before = Archive(small_archive()), dt.date(2023, 1, 6)
    assert max(candle.date for candle in source.candles(before)) == "2023-01-05"
    assert list(source.snapshots(dt.date(2023, 1, 1))) == []
    assert max(m.known for m in source.measures(before, KINDS)) == "2023-01-05"
    assert [h.published_at for h in source.headlines(before)] == ["2023-01-05 13:00:00"]


@pytest.mark.rule("1.1")
def test_values_are_known_after_their_lag(small_archive: SmallArchive) -> None:
    known = {(m.metric, m.subject): m.known for m in Archive(small_archive()).measures(LATER, KINDS)}
    assert known[("active_addresses", "BTC")] == "2023-01-03"
    assert known[("defi_tvl", "")] == "2023-01-03"
    assert known[("vix", "")] == "2023-01-05"
    assert known[("m2", "")] == "2022-12-16"


def test_an_archive_without_authors_reads_as_news(small_archive: SmallArchive) -> None:
    assert {(h.author, h.social) for h in Archive(small_archive()).headlines(LATER)} == {("", False)}


def test_authors_and_posts_are_read_where_their_columns_are(small_archive: SmallArchive) -> None:
    lines = [
        "published_at,source,subject,title,author,social",
        "2023-01-05 13:00:00,Paper,,A column,Ann  Lee,0",
        "2023-01-05 13:00:01,Square,,A post,ann,1",
        "2023-01-05 13:00:02,Square,,Another post,,1",
        "2023-01-05 13:00:03,Square,,No post,ann,yes",
        f"2023-01-05 13:00:04,Square,,No name,{'x' * 101},1",
    ]
    source = Archive(small_archive(replace={"headlines.csv.gz": lines}))
    read = [(h.title, h.author, h.social) for h in source.headlines(LATER)]
    assert read == [("A column", "Ann Lee", False), ("A post", "ann", True), ("Another post", "", True)]
    refused = dict(source.logs["headlines.csv.gz"].refused)
    assert refused == {"social is neither 0 nor 1": 1, "author is too long": 1}


def test_a_headline_without_an_hour_is_known_the_next_day(small_archive: SmallArchive) -> None:
    lines = [
        "2023-01-06T23:30:00-02:00,P,s,west,x,0,d",
        "2023-01-07,P,s,bare,x,0,d",
        "2023-01-07 00:00:00,P,s,midnight,x,0,d",
    ]
    known = {h.title: h.known for h in Archive(small_archive(extra={"headlines.csv.gz": lines})).headlines(LATER)}
    assert (known["west"], known["bare"], known["midnight"]) == ("2023-01-07", "2023-01-08", "2023-01-08")


def test_only_the_metrics_asked_for_are_read(small_archive: SmallArchive) -> None:
    found = list(Archive(small_archive()).measures(LATER, {"vix"}))
    assert [(m.metric, m.value) for m in found] == [("vix", 22.9)]


def test_metrics_nobody_uses_are_counted_and_not_refused(small_archive: SmallArchive) -> None:
    source = Archive(small_archive())
    read_all(source)
    unused = {log.file: dict(log.unused) for log in source.logs.values() if log.unused}
    assert unused == {
        "onchain.csv.gz": {"VtyDayRet30d": 1},
        "macro.csv.gz": {"spy_close": 1},
        "headlines.csv.gz": {"no title": 1},
    }


BAD_ROWS = [
    ("candles.csv.gz", "2023-02-30,BTC,1,1,1,1,1,v,0", "date is not a date"),
    ("candles.csv.gz", "20230201,BTC,1,1,1,1,1,v,0", "date is not a date"),
    ("candles.csv.gz", "1970-01-01,BTC,1,1,1,1,1,v,0", "date is absurd"),
    ("candles.csv.gz", "2999-01-01,BTC,1,1,1,1,1,v,0", "date is absurd"),
    ("candles.csv.gz", "2023-02-01,WAT,1,1,1,1,1,v,0", "unknown symbol"),
    ("candles.csv.gz", "2023-02-01,btc,1,1,1,1,1,v,0", "unknown symbol"),
    ("candles.csv.gz", "2023-02-01,BTC,x,1,1,1,1,v,0", "open is not a number"),
    ("candles.csv.gz", "2023-02-01,BTC,1,1,1,,1,v,0", "close is not a number"),
    ("candles.csv.gz", "2023-02-01,BTC,1,1,1,nan,1,v,0", "close is not a finite number"),
    ("candles.csv.gz", "2023-02-01,BTC,1,inf,1,1,1,v,0", "high is not a finite number"),
    ("candles.csv.gz", "2023-02-01,BTC,1,1,1,1_0,1,v,0", "close is not a finite number"),
    ("candles.csv.gz", "2023-02-01,BTC,1,1,1,0,1,v,0", "close is zero or negative"),
    ("candles.csv.gz", "2023-02-01,BTC,1,1,-1,1,1,v,0", "low is zero or negative"),
    ("candles.csv.gz", "2023-02-01,BTC,1,1,1,1,-1,v,0", "volume_usd is negative"),
    ("candles.csv.gz", "2023-02-01,BTC,2,1,3,2,1,v,0", "high is below low"),
    ("candles.csv.gz", "2023-02-01,BTC,2,1,3,2,1,v,1", "high is below low"),
    ("candles.csv.gz", "2023-02-01,BTC,100,110,90,120,1,v,0", "close is outside low to high"),
    ("candles.csv.gz", "2023-02-01,BTC,80,110,90,100,1,v,0", "open is outside low to high"),
    ("candles.csv.gz", "2023-02-01,BTC,1,1,1,1,1,v,2", "range_estimated is neither 0 nor 1"),
    ("candles.csv.gz", "2023-01-01,BTC,1,1,1,1,1,v,0", "duplicate of an earlier row"),
    ("candles.csv.gz", "2023-02-01,BTC,1,1", "too few columns"),
    ("candles.csv.gz", "2023-02-01,BTC,1,1,1,1,1,v,0,9", "too many columns"),
    ("candles.csv.gz", '2023-02-01,"BTC,1,1,1,1,1,v,0', "unbalanced quotes"),
    ("tokens.csv", "ETH,Ether,thing,,2023-01-01,2023-01-02,2", "unknown class"),
    ("tokens.csv", ",Ether,coin,,2023-01-01,2023-01-02,2", "symbol is empty or has blanks"),
    ("tokens.csv", "BTC,Again,coin,,2023-01-01,2023-01-02,2", "duplicate of an earlier row"),
    ("snapshots.csv.gz", "2023-01-01,0,ETH,Ether,coin,1,100,100,1", "rank is not a whole number from 1"),
    ("snapshots.csv.gz", "2023-01-01,4,ETH,Ether,coin,1,200,100,1", "market_cap is not price x supply"),
    ("snapshots.csv.gz", "2023-01-01,4,ETH,Ether,coin,1,0,100,1", "market_cap is zero or negative"),
    ("snapshots.csv.gz", "2023-01-01,4,ETH,Ether,coin,1,100,-100,1", "circulating_supply is zero or negative"),
    ("snapshots.csv.gz", "2023-01-01,4,BTC,Bitcoin,coin,1,100,100,1", "duplicate of an earlier row"),
    ("snapshots.csv.gz", "2023-01-01,4,ETH,Ether,thing,1,100,100,1", "unknown class"),
    ("onchain.csv.gz", "2023-01-02,BTC,AdrActCnt,1,somewhere", "duplicate of an earlier row"),
    ("onchain.csv.gz", "2023-01-03,BTC,AdrActCnt,-1,somewhere", "value is negative"),
    ("onchain.csv.gz", "2023-01-03,BTC,DeFiTVL_USD,1,somewhere", "asset does not fit the metric"),
    ("onchain.csv.gz", "2023-01-03,ALL,AdrActCnt,1,somewhere", "asset does not fit the metric"),
    ("fear_greed.csv", "2023-02-01,101", "value is outside 0 to 100"),
    ("fear_greed.csv", "2023-02-01,-1", "value is negative"),
    ("macro.csv.gz", "2023-02-01,vix,", "value is not a number"),
    ("macro.csv.gz", "2023-02-01,,1", "series is empty"),
    ("headlines.csv.gz", "yesterday,P,s,Title,x,0,d", "published_at is not a time"),
    ("headlines.csv.gz", "1999-01-01,P,s,Title,x,0,d", "published_at is absurd"),
    (
        "headlines.csv.gz",
        '2023-01-05 13:00:00,Paper,bitcoin,"Bitcoin rises, again",x,0,d',
        "duplicate of an earlier row",
    ),
]


@pytest.mark.parametrize(("file", "row", "reason"), BAD_ROWS)
def test_a_bad_row_is_refused_alone_with_its_reason(
    small_archive: SmallArchive, file: str, row: str, reason: str
) -> None:
    clean = Archive(small_archive(name="clean"))
    read_all(clean)
    source = Archive(small_archive(extra={file: [row]}))
    assert reasons(source) == {(file, reason): 1}
    (refusal,) = source.refusals
    assert (refusal.file, refusal.reason, refusal.row_excerpt) == (file, reason, row)
    assert refusal.line == len(_lines(source.folder / file))
    assert {file: log.accepted for file, log in source.logs.items()} == {
        file: log.accepted for file, log in clean.logs.items()
    }


@pytest.mark.parametrize(
    "row",
    [
        "2023-02-01,BTC,100,110,90,110.2,1,v,0",  # rounding
        "2023-02-01,BTC,100,101,99,150,1,v,1",  # an estimated range is understated by definition
        "2023-02-01,BTC,,,,105,,,1",
        "2023-02-01,BTC,100,110,90,105,0,v,0",
    ],
)
def test_a_row_that_is_only_incomplete_is_kept(small_archive: SmallArchive, row: str) -> None:
    source = Archive(small_archive(extra={"candles.csv.gz": [row]}))
    assert reasons(source) == {}
    assert sum(candle.date == "2023-02-01" for candle in source.candles(LATER)) == 1


def test_a_negative_macro_value_stands(small_archive: SmallArchive) -> None:
    source = Archive(small_archive(extra={"macro.csv.gz": ["2023-02-01,wti_crude,-36.98"]}))
    assert reasons(source) == {}


def test_a_row_from_the_future_is_refused_where_the_day_is_said(small_archive: SmallArchive) -> None:
    assert reasons(Archive(small_archive(), until=dt.date(2023, 1, 11))) == {
        ("candles.csv.gz", "date is absurd"): 3,
        ("fear_greed.csv", "date is absurd"): 1,
    }


def test_a_broken_quote_costs_one_row_and_not_the_rest(small_archive: SmallArchive) -> None:
    lines = ['2023-01-07 09:00:00,P,s,"open,x,0,d', "2023-01-07 10:00:00,P,s,after,x,0,d"]
    source = Archive(small_archive(extra={"headlines.csv.gz": lines}))
    assert "after" in [headline.title for headline in source.headlines(LATER)]


def test_examples_are_few_and_counts_complete(small_archive: SmallArchive) -> None:
    rows = [f"2023-02-01,WAT{i},1,1,1,1,1,v,0" for i in range(50)]
    source = Archive(small_archive(extra={"candles.csv.gz": rows}), examples=3)
    assert reasons(source) == {("candles.csv.gz", "unknown symbol"): 50}
    assert len(source.refusals) == 3
    read_all(source)
    assert source.refused == 50  # another reading starts its count anew


def test_bytes_that_are_no_text_are_refused(small_archive: SmallArchive) -> None:
    folder = small_archive()
    path = folder / "headlines.csv.gz"
    path.write_bytes(gzip.compress(gzip.decompress(path.read_bytes()) + b"2023-01-07 09:00:00,P,s,\xff\xfe,x,0,d\n"))
    assert reasons(Archive(folder)) == {("headlines.csv.gz", "title is not readable text"): 1}


def test_columns_are_found_by_name_in_any_order(small_archive: SmallArchive) -> None:
    lines = ["value,comment,date", "41,fine,2023-01-01"]
    source = Archive(small_archive(replace={"fear_greed.csv": lines}))
    assert [(m.date, m.value) for m in source.all_measures("fear_greed.csv")] == [("2023-01-01", 41.0)]


@pytest.mark.parametrize("file", ["snapshots.csv.gz", *MEASURE_FILES, "headlines.csv.gz"])
def test_an_optional_file_may_be_absent(small_archive: SmallArchive, file: str) -> None:
    source = Archive(small_archive(omit=[file]))
    read_all(source)
    assert not source.has(file)
    assert len(list(source.candles(LATER))) == 36


@pytest.mark.parametrize("file", ["tokens.csv", "candles.csv.gz"])
def test_a_missing_required_file_is_one_clear_error(small_archive: SmallArchive, file: str) -> None:
    with pytest.raises(BadArchive, match=file):
        Archive(small_archive(omit=[file]))


def test_a_missing_folder_is_one_clear_error(tmp_path: Path) -> None:
    with pytest.raises(BadArchive, match="there is no folder"):
        Archive(tmp_path / "nowhere")


def _empty(data: bytes) -> bytes:
    return data[:0]


def _cut(data: bytes) -> bytes:
    return data[: len(data) // 2]


def _plain(data: bytes) -> bytes:
    return b"<html>not found</html>" * 9


def _flipped(data: bytes) -> bytes:
    return data[:30] + bytes(b ^ 0xFF for b in data[30:])


@pytest.mark.parametrize("damage", [_empty, _cut, _plain, _flipped])
@pytest.mark.parametrize("file", [file for file in FILES if file.endswith(".gz")])
def test_a_file_damaged_as_a_whole_is_one_clear_error(
    small_archive: SmallArchive, file: str, damage: Callable[[bytes], bytes]
) -> None:
    folder = small_archive()
    (folder / file).write_bytes(damage((folder / file).read_bytes()))
    with pytest.raises(BadArchive, match=file):
        read_all(Archive(folder))


@pytest.mark.parametrize("file", FILES)
def test_a_file_without_its_columns_is_one_clear_error(small_archive: SmallArchive, file: str) -> None:
    with pytest.raises(BadArchive, match=f"{file} has no column {COLUMNS[file][0]}"):
        read_all(Archive(small_archive(replace={file: ["a,b", "1,2"]})))


def test_progress_counts_the_bytes_of_each_file(small_archive: SmallArchive) -> None:
    calls: list[tuple[str, int, int]] = []
    folder = small_archive()
    read_all(Archive(folder, progress=lambda *call: calls.append(call)))
    assert {file for file, _, _ in calls} == set(FILES)
    for file in FILES:
        size = (folder / file).stat().st_size
        assert [call[1:] for call in calls if call[0] == file][-1] == (size, size)


numbers = st.floats(allow_nan=True, allow_infinity=True).map(repr) | st.integers(-5, 5).map(str)
fields = st.one_of(
    numbers, st.text(max_size=12), st.dates().map(str), st.sampled_from(["BTC", "coin", "0", "1", "", "ALL", "vix"])
)


def rows_of(*columns: st.SearchStrategy[str]) -> st.SearchStrategy[tuple[str, ...]]:
    return st.tuples(*columns)


near_candles = rows_of(
    st.just("2023-02-01") | fields, st.just("BTC") | fields, *[numbers | fields] * 5, fields, st.sampled_from("01")
)


@given(near_candles)
def test_whatever_a_candle_row_holds_it_is_refused_or_sane(row: tuple[str, ...]) -> None:
    try:
        candle = CandleRows({"BTC": 1}, "2100-01-01")(row)
    except Refused:
        return
    prices = [p for p in (candle.open, candle.high, candle.low, candle.close) if p is not None]
    assert all(math.isfinite(price) and price > 0 for price in prices)
    assert candle.volume_usd is None or (math.isfinite(candle.volume_usd) and candle.volume_usd >= 0)
    assert candle.high is None or candle.low is None or candle.high >= candle.low
    assert dt.date.fromisoformat(candle.date).isoformat() == candle.date


PARSERS = {
    "tokens": (TokenRows, 4),
    "candles": (lambda: CandleRows({"BTC": 1}, "2100-01-01"), 9),
    "snapshots": (lambda: SnapshotRows("2100-01-01"), 9),
    "onchain": (lambda: MeasureRows(read_onchain, "2100-01-01"), 5),
    "fear_greed": (lambda: MeasureRows(read_fear_greed, "2100-01-01"), 2),
    "macro": (lambda: MeasureRows(read_macro, "2100-01-01"), 3),
    "headlines": (lambda: HeadlineRows("2100-01-01"), 6),
}


@pytest.mark.parametrize("name", PARSERS)
@given(data=st.data())
def test_no_row_whatever_raises_anything_but_a_refusal(name: str, data: st.DataObject) -> None:
    make, width = PARSERS[name]
    row = data.draw(st.tuples(*[fields] * width))
    try:
        make()(row)
    except (Refused, Unused) as skipped:
        assert str(skipped) or name == "onchain"


@given(st.floats(1e-9, 1e9), st.floats(0, 0.2), st.floats(0, 0.2), st.floats(0, 1), st.floats(0, 1), st.booleans())
def test_an_honest_candle_always_passes(
    base: float, up: float, down: float, at_open: float, at_close: float, estimated: bool
) -> None:
    low, high = base * (1 - down), base * (1 + up)
    opened, closed = (low + (high - low) * share for share in (at_open, at_close))
    row = ("2023-02-01", "BTC", repr(opened), repr(high), repr(low), repr(closed), "", "", str(int(estimated)))
    candle = CandleRows({"BTC": 7}, "2100-01-01")(row)
    assert candle == Candle("2023-02-01", 7, opened, high, low, closed, None, "", estimated)


def test_the_real_archives_small_files_read_whole(archive: Path) -> None:
    source = Archive(archive)  # the two large files are read where they are imported, in tests/bot/test_importing.py
    assert len(source.tokens()) == 615
    assert len(list(source.all_measures("fear_greed.csv"))) == 2157
    assert len(list(source.all_measures("macro.csv.gz"))) == 16_372
    assert len(source.all_headlines()) == 7494
    refused = {file: dict(log.refused) for file, log in source.logs.items() if log.refused}
    assert refused == {"headlines.csv.gz": {"duplicate of an earlier row": 2}}


def _lines(path: Path) -> list[bytes]:
    data = path.read_bytes()
    return (gzip.decompress(data) if path.suffix == ".gz" else data).splitlines()

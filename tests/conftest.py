"""What many tests lean on: the real archive where it is at hand, and tiny valid ones written on the spot."""

from __future__ import annotations

import datetime as dt
import gzip
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pytest
from hypothesis import settings

EXAMPLES = int(os.environ.get("CRIER_EXAMPLES") or 60)  # 2000 looks for what luck hides
# The usual dose is the same everywhere, so that a change is judged by itself; the long one looks for what nobody knows.
settings.register_profile(
    "crier", deadline=None, database=None, max_examples=EXAMPLES, derandomize=not os.environ.get("CRIER_EXAMPLES")
)
settings.load_profile("crier")

ROOT = Path(__file__).resolve().parents[1]
FIRST_DAY = dt.date(2023, 1, 1)
DAYS = 12
PRICES = {"BTC": 20_000.0, "NA": 2.0, "USDC": 1.0}

SmallArchive = Callable[..., Path]


@pytest.fixture(scope="session")
def archive() -> Path:
    """The real market archive; skips where it is absent."""
    folder = Path(os.environ.get("CRIER_ARCHIVE") or ROOT.parent / "shared" / "archive")
    if not (folder / "tokens.csv").is_file():
        pytest.skip(f"the real archive is not here ({folder}); set CRIER_ARCHIVE to run this test")
    return folder


@pytest.fixture
def small_archive(tmp_path: Path) -> SmallArchive:
    """Write a tiny valid archive: `small_archive(extra={file: [lines]}, replace={file: [lines]}, omit=[files])`."""

    def write(
        extra: Mapping[str, Sequence[str]] | None = None,
        replace: Mapping[str, Sequence[str]] | None = None,
        omit: Sequence[str] = (),
        name: str = "small-archive",
    ) -> Path:
        folder = tmp_path / name
        folder.mkdir(exist_ok=True)
        for file, lines in (_small_files() | dict(replace or {})).items():
            text = "\n".join([*lines, *(extra or {}).get(file, ())]) + "\n"
            data = text.encode()
            if file not in omit:
                (folder / file).write_bytes(gzip.compress(data, mtime=0) if file.endswith(".gz") else data)
        return folder

    return write


@pytest.fixture(scope="session")
def demo_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database as `crier demo` leaves it; tests that change it take a copy."""
    from bot.demo import YEARS, make_demo
    from storage.database import open_database

    path = tmp_path_factory.mktemp("demo") / "demo.db"
    database = open_database(path)
    make_demo(database, seed=7, years=YEARS)
    database.close()
    return path


def _small_files() -> dict[str, Sequence[str]]:
    days = [FIRST_DAY + dt.timedelta(days=i) for i in range(DAYS)]
    return {
        "tokens.csv": [
            "symbol,name,class,themes,first_date,last_date,days",
            "BTC,Bitcoin,coin,l1,2023-01-01,2023-01-12,12",
            "NA,Nirvana,coin,defi;ai,2023-01-01,2023-01-12,12",
            "USDC,USD Coin,stable,,2023-01-01,2023-01-12,12",
        ],
        "candles.csv.gz": [
            "date,symbol,open,high,low,close,volume_usd,volume_source,range_estimated",
            *(_candle(day, symbol, price * (1 + 0.01 * i)) for symbol, price in PRICES.items()
              for i, day in enumerate(days)),
        ],
        "snapshots.csv.gz": [
            "date,rank,symbol,name,class,price,market_cap,circulating_supply,volume_24h_usd",
            "2023-01-01,1,BTC,Bitcoin,coin,20000,4e11,2e7,1e10",
            "2023-01-01,2,USDC,USD Coin,stable,1,4e10,4e10,3e9",
            "2023-01-01,3,GONE,Gone Coin,coin,0.5,5e8,1e9,1e6",
        ],
        "onchain.csv.gz": [
            "date,asset,metric,value,source",
            "2023-01-02,BTC,AdrActCnt,900000,somewhere",
            "2023-01-02,BTC,VtyDayRet30d,0.02,somewhere",
            "2023-01-02,ALL,DeFiTVL_USD,4e10,elsewhere",
        ],
        "fear_greed.csv": ["date,value", *(f"{day},{30 + i}" for i, day in enumerate(days))],
        "macro.csv.gz": [
            "date,series,value",
            "2023-01-03,vix,22.9",
            "2022-11-01,m2sl_busd,21400",
            "2023-01-03,spy_close,380",
        ],
        "headlines.csv.gz": [
            "published_at,source,subject,title,machine_label,machine_score,dataset",
            '2023-01-05 13:00:00,Paper,bitcoin,"Bitcoin rises, again",positive,0.5,set',
            "2023-01-06 00:00:00,Paper,bitcoin,A day without an hour,neutral,0,set",
            "2023-01-06 09:00:00,,bitcoin,,positive,0.9,set",
        ],
    }  # fmt: skip


def _candle(day: dt.date, symbol: str, close: float) -> str:
    return f"{day},{symbol},{close * 0.99:.6g},{close * 1.02:.6g},{close * 0.98:.6g},{close:.6g},1e6,venue,0"

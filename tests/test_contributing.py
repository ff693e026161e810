"""CONTRIBUTING.md is true: its texts are applied to a copy of the project as they stand there, and its commands run."""

from __future__ import annotations

import asyncio
import datetime as dt
import importlib.util
import json
import re
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from types import ModuleType

import pytest
from emulators.copied import ROOT, Copy, section
from emulators.service import Service
from emulators.world import World

PAGE = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
SERVE = """
import asyncio
from bot.service import serve
from bot.settings import read_settings
asyncio.run(serve(read_settings(), jobs=False))
"""


@pytest.fixture
def copy(tmp_path: Path) -> Copy:
    return Copy.of_the_project(tmp_path)


def passed(said: str) -> int:
    """How many tests a run of pytest counted, all of them passed."""
    dots = "".join(re.findall(r"^([.s]+) +\[ *\d+%\]$", said, re.MULTILINE))
    assert set(dots) <= set(".s"), said
    return dots.count(".")


def test_a_theme_and_a_command_are_one_place_each(copy: Copy) -> None:
    make, decide, ask = copy.apply(section(PAGE, "A theme"))
    assert "docs/indices.md" in copy.run(make)
    shown = copy.run(decide)
    assert "Layer 1 index, week" in shown
    assert copy.run(ask).count("Layer 1 index, week") == 1
    assert "| Layer 1 (`l1`) |" in (copy.folder / "docs/indices.md").read_text("utf-8")

    make, ask, menu, test = copy.apply(section(PAGE, "A command"))
    assert "docs/commands.md" in copy.run(make)
    assert "Parked in DeFi" in copy.run(ask)
    assert "/parked INDEX" in copy.run(menu)
    assert "| `/parked INDEX [MODE]` |" in (copy.folder / "docs/commands.md").read_text("utf-8")
    assert passed(copy.run(test)) > 10


def test_an_indicator_is_one_place(copy: Copy) -> None:
    make, show, test = copy.apply(section(PAGE, "An indicator, a data point"))
    assert {"README.md", "docs/features.md"} <= set(copy.run(make).split())
    assert "sma_distance_100" in copy.run(show)
    assert passed(copy.run(test)) > 10


async def test_a_source_is_one_place(copy: Copy) -> None:
    make, test, fetch = copy.apply(section(PAGE, "A source"))
    assert "docs/sources.md" in copy.run(make)
    assert passed(copy.run(test)) >= 3
    emulator = loaded(copy.folder / "tests" / "emulators" / "blockchain.py")
    today = dt.datetime.now(dt.UTC).date()
    world = World(today=today, first=today - dt.timedelta(days=30))
    async with Service(emulator.handlers(world), time.monotonic) as service:
        copy.settings = {"CRIER_SOURCE_BASES": json.dumps(service.bases), "CRIER_DATABASE": "new.db"}
        said = await asyncio.to_thread(copy.run, fetch)
    assert [asked.path for asked in service.seen] == ["/charts/hash-rate"]
    assert re.search(r"blockchain +1 of 1 +1 +30 .* ok", said), said


def loaded(path: Path) -> ModuleType:
    """A module of the copy, under no name of ours."""
    spec = importlib.util.spec_from_file_location(f"copied_{path.stem}", path)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@asynccontextmanager
async def irc_server(heard: asyncio.Queue[str]) -> AsyncIterator[int]:
    """An IRC server on loopback that welcomes, passes on what Ann writes, and keeps what she is sent."""

    async def serve(lines: asyncio.StreamReader, out: asyncio.StreamWriter) -> None:
        async for line in lines:
            word, _, rest = line.decode().strip().partition(" ")
            if word == "USER":
                out.write(b":irc 001 crier :Welcome\r\nPING :1\r\n:ann!a@b PRIVMSG crier :/about\r\n")
            elif word in ("PASS", "PONG", "PRIVMSG"):
                heard.put_nowait(f"{word} {rest}")
        out.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]


async def test_a_platform_is_its_file_its_entry_and_its_settings(copy: Copy) -> None:
    make, test = copy.apply(section(PAGE, "A platform"))
    assert {"docs/settings.md", ".env.example", "docs/delivery.md"} <= set(copy.run(make).split())
    assert passed(copy.run(test)) > 10
    heard: asyncio.Queue[str] = asyncio.Queue()
    async with irc_server(heard) as port:
        copy.settings = {"CRIER_IRC_TOKEN": "secret", "CRIER_IRC_API": f"irc://127.0.0.1:{port}"}
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-c", SERVE, cwd=copy.folder, env=copy.environment, stderr=asyncio.subprocess.PIPE
        )
        try:
            said = [await asyncio.wait_for(heard.get(), 60) for _ in range(4)]
        finally:
            process.terminate()
            _, log = await process.communicate()
    assert said[:2] == ["PASS secret", "PONG :1"]
    assert said[2] == "PRIVMSG ann :About Crier"
    assert process.returncode == 0 and b"secret" not in log


def test_the_page_says_where_every_text_goes_and_every_new_thing_is_walked_through() -> None:
    assert [title for title in re.findall(r"^## (.+)$", PAGE, re.MULTILINE) if title.startswith(("A ", "An "))] == [
        "A theme", "An indicator, a data point", "A source", "A command", "A platform",
    ]  # fmt: skip


def test_the_tests_are_run_as_the_continuous_integration_runs_them() -> None:
    asked = (ROOT / ".ci" / "run").read_text("utf-8").splitlines()
    setup = section(PAGE, "Set up, and the tests")
    for command in ("pytest -n auto --dist worksteal", "ruff check .", "ruff format --check .", "mypy"):
        assert command in asked
        assert command in setup

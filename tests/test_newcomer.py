"""The README's own commands, run as a newcomer runs them, from nothing to the first card in a chat.

As a rule they run in the environment of the tests: what installs is checked for its form, the test command for being
the one of .ci/run, the demo has a short past, and the data of the first fetch is there. With CRIER_FRESH=1 they run in
a new virtual environment in a clone, every one of them as it stands (of the tests only the list; CRIER_FRESH=all runs
them too), and the first fetch has to come by itself.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import json
import os
import re
import shlex
import socket
import subprocess
import sys
import time
import tomllib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession
from emulators.bench import bench, emulator
from emulators.copied import ROOT
from emulators.crowd import list_crowd
from emulators.discord import Discord
from emulators.service import Service
from emulators.telegram import Telegram
from emulators.typed import in_terminal
from emulators.world import World

from engine.sources.table import SOURCES

FRESH = os.environ.get("CRIER_FRESH", "")
README = (ROOT / "README.md").read_text("utf-8")
HISTORY = dt.timedelta(days=120)
WITHIN = 3 * 3600.0  # seconds that a command may take: to install on a busy machine is slow
SOON = 30 * 60 if FRESH else 120  # seconds from `crier run` to the first card
TYPED = {b"Database file": "", b"Risk mode": "", b"Telegram token": "", b"Discord token": ""}


def commands() -> list[str]:
    """Every command that the README shows, in order, without what is said of it."""
    shown = re.findall(r"^    (.+)$", README, re.MULTILINE)
    lines = (line.partition(" #")[0].strip() for line in shown)
    return [part.strip() for line in lines for part in line.split(" && ") if re.match(r"(pip|pytest|crier)\b", part)]


@dataclass
class Newcomer:
    """Somebody with a folder and an environment of their own."""

    folder: Path
    environment: dict[str, str] = field(default_factory=dict)

    def run(self, command: str, seconds: float = WITHIN) -> str:
        """Run one command to its end; returns what it printed, and fails where it did."""
        done = subprocess.run(
            shlex.split(command), cwd=self.folder, env=self.environment, capture_output=True, text=True, timeout=seconds
        )
        assert done.returncode == 0, f"{command}\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}"
        return done.stdout

    def answer(self, command: str, answers: dict[bytes, str]) -> str:
        """Run one command in a terminal and type an answer to each question; returns all that was shown."""
        return in_terminal(shlex.split(command), answers, self.folder, self.environment).decode()


@pytest.fixture(scope="module")
def newcomer(tmp_path_factory: pytest.TempPathFactory) -> Newcomer:
    """In a new folder, or with CRIER_FRESH in a clone with a virtual environment of its own."""
    folder = tmp_path_factory.mktemp("newcomer")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("CRIER", "PYTEST", "PYTHON"))}
    if not FRESH:
        shims = folder / "shims"
        shims.mkdir()
        (shims / "crier").write_text(f'#!/bin/sh\nexec "{sys.executable}" -m bot "$@"\n', "utf-8")
        (shims / "crier").chmod(0o755)
        return Newcomer(folder, kept | {"PATH": f"{shims}{os.pathsep}{kept['PATH']}", "PYTHONPATH": str(ROOT)})
    subprocess.run(["git", "clone", "--quiet", str(ROOT), str(folder / "crier")], check=True)
    subprocess.run(["python3", "-m", "venv", str(folder / "venv")], check=True)
    path = f"{folder / 'venv' / 'bin'}{os.pathsep}{kept['PATH']}"
    lazily = {"PIP_NO_COMPILE": "1"}  # most of what is installed is never imported here
    return Newcomer(folder / "crier", kept | lazily | {"PATH": path, "VIRTUAL_ENV": str(folder / "venv")})


def installed(command: str) -> None:
    """Hold `pip install '.[a,b]'` to what there is to install."""
    what = re.fullmatch(r"pip install '?\.(?:\[([\w,]+)\])?'?", command)
    assert what, f"{command} installs something else than this project"
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["optional-dependencies"]
    assert set((what[1] or "test").split(",")) <= set(extras)


def test_the_readme_leads_from_nothing_to_a_running_service() -> None:
    assert commands() == [
        "pip install .", "crier demo", "pip install '.[test]'", "pytest -n auto --dist worksteal", "crier init",
        "crier run",
    ]  # fmt: skip
    assert "pytest -n auto --dist worksteal" in (ROOT / ".ci" / "run").read_text("utf-8").splitlines()


def test_it_is_installed_shown_and_tested_as_the_readme_says(newcomer: Newcomer) -> None:
    install, demo, install_tests, tests = commands()[:4]
    for command in (install, install_tests):
        if FRESH:
            newcomer.run(f"{command} --quiet")
        else:
            installed(command)
    shown = newcomer.run(demo if FRESH else f"{demo} --years 0.5")
    assert "SIMULATED: DeFi index, week" in shown and "Things to try:" in shown
    assert (newcomer.folder / "crier-demo" / "defi.png").read_bytes().startswith(b"\x89PNG")
    if FRESH:
        print(newcomer.run(tests if FRESH == "all" else f"{tests} --collect-only")[-300:])


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    """A small market that ends today."""
    list_crowd(monkeypatch, 8)
    today = dt.datetime.now(dt.UTC).date()
    return World(today=today, first=today - HISTORY)


@asynccontextmanager
async def running(newcomer: Newcomer, command: str) -> AsyncIterator[Any]:
    """A command that runs until it is told to end, which it does well."""
    with (newcomer.folder / "run.log").open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            *shlex.split(command), cwd=newcomer.folder, env=newcomer.environment, stdout=log, stderr=log
        )
        try:
            yield process
        finally:
            process.terminate()
            code = await asyncio.wait_for(process.wait(), 60)
    assert code == 0, (newcomer.folder / "run.log").read_text("utf-8")[-3000:]


def questions(telegram: Telegram, discord: Discord) -> dict[bytes, str]:
    return TYPED | {b"Telegram token": telegram.token, b"Discord token": discord.token}


async def filled(path: Path, world: World) -> None:
    """Let the first fetch be over: its politeness takes minutes by the clock of the wall, and none by a test's own."""
    async with bench(path=str(path), tokens=(), world=world) as b:
        assert (await b.fetch()).coverage == 1.0


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def test_from_init_and_run_to_the_first_card_in_both_chats_and_on_the_page(
    newcomer: Newcomer, world: World
) -> None:
    init, run = commands()[4:]
    handlers = {host: play for name in SOURCES for host, play in emulator(name).handlers(world).items()}
    async with Telegram() as telegram, Discord() as discord, Service(handlers, time.monotonic) as sources:
        port = free_port()
        newcomer.environment |= {
            "CRIER_TELEGRAM_API": telegram.address, "CRIER_DISCORD_API": discord.api,
            "CRIER_DISCORD_GATEWAY": discord.gateway, "CRIER_SOURCE_BASES": json.dumps(sources.bases),
            "CRIER_WEB_PORT": str(port),
        }  # fmt: skip
        shown = await asyncio.to_thread(newcomer.answer, init, questions(telegram, discord))
        assert "@CrierBot" in shown and "permissions=" in shown and "/claim " in shown
        assert telegram.token not in shown and discord.token not in shown
        if not FRESH:
            await filled(newcomer.folder / "crier.db", world)
        began = time.monotonic()
        async with running(newcomer, run):
            await discord.connected(60)
            ann, bob = telegram.person("Ann"), discord.person("Bob")
            card = await first_card(telegram, ann)
            print(f"the first card came {time.monotonic() - began:.0f} s after {run}")
            assert "$1,000" in card or "Holdings" in card or "Token" in card
            answer = await discord.answer(bob.runs("/index large"), seconds=20)
            assert answer.embed["title"].startswith("Large caps index, week")
            async with ClientSession() as session, session.get(f"http://127.0.0.1:{port}/") as page:
                assert page.status == 200 and "Large caps" in await page.text()


async def first_card(telegram: Telegram, ann: Any) -> str:
    """Ask until there is something to tell, as an impatient member does."""
    for count in range(1, SOON // 5 + 1):
        ann.writes("/index large")
        card = await telegram.answer(ann.private, count, seconds=60)
        if card.text.startswith("Large caps index, week"):
            return str(card.text)
        await asyncio.sleep(5)
    raise AssertionError(f"no card within {SOON} s; the last answer: {card.text}")

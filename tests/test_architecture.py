"""The walls of the house: who may import whom, and which library lives in which room."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
ROOMS = ("bot", "engine", "storage")
FILES = sorted(path for room in ROOMS for path in (ROOT / room).rglob("*.py"))

HOMES = {  # library -> where it may be imported
    "telegram": ("bot/platforms/telegram/",),
    "httpx": ("bot/platforms/telegram/",),
    "discord": ("bot/platforms/discord/",),
    "sqlite_utils": ("storage/",),
    "sqlite3": ("storage/", "bot/doctor.py"),
    "sklearn": ("engine/models/",),
    "scipy": ("engine/models/",),
    "typer": ("bot/cli",),
    "jinja2": ("bot/report.py", "bot/web/writing.py"),
    "markdown_it": ("bot/web/writing.py",),
    "vaderSentiment": ("engine/sentiment/scoring.py",),
    "matplotlib": ("bot/",),
    "rich": ("bot/",),
    "pandas": ("engine/",),
    "asyncio": ("bot/", "engine/sources/"),
    "aiohttp": (
        "engine/sources/http/",
        "bot/platforms/telegram/updates.py",  # serves the webhook
        "bot/platforms/discord/failures.py",  # names what the client raises
        "bot/web/",  # serves the page
    ),
    "yarl": ("engine/sources/http/", "bot/platforms/discord/client.py"),
    "tenacity": ("engine/sources/http/",),
    "ccxt": ("engine/sources/trading.py",),
    "feedparser": ("engine/sources/feeds.py",),
    "selectolax": ("engine/sources/live/telegram_channels.py",),
}


def imported(path):
    """Every module that a file imports, dotted names whole."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: write imports in full"
            yield node.module


def name(path):
    return path.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("path", FILES, ids=name)
def test_imports_go_one_way_and_libraries_stay_at_home(path):
    room = name(path).split("/")[0]
    for module in imported(path):
        top = module.split(".")[0]
        if room == "engine":
            assert top not in ("bot", "storage"), f"{module}: the engine imports neither storage nor bot"
        if room == "storage":
            assert top != "bot", f"{module}: storage does not know the bot"
            if top == "engine":
                assert module in ("engine.model", "engine.errors"), f"{module}: storage knows the engine's types only"
        if top in HOMES:
            assert name(path).startswith(HOMES[top]), f"{module} lives in {HOMES[top]}"


@pytest.mark.parametrize("path", [p for p in FILES if name(p).startswith(("engine/", "storage/"))], ids=name)
def test_no_clock_runs_in_the_engine_or_the_storage(path):
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Attribute):
            assert node.attr not in ("now", "utcnow", "today"), f"{name(path)}:{node.lineno} asks a clock"


@pytest.mark.parametrize("path", FILES, ids=name)
def test_a_module_opens_with_a_sentence_and_stays_a_room(path):
    text = path.read_text("utf-8")
    if text.strip():
        assert ast.get_docstring(ast.parse(text)), f"{name(path)} does not say what it is for"
    assert text.count("\n") <= 400, f"{name(path)} is two rooms"


@pytest.mark.parametrize("path", [p for p in FILES if name(p).startswith("engine/sources/")], ids=name)
def test_a_source_imports_no_other_room_than_the_engine(path):
    assert {m.split(".")[0] for m in imported(path)} & {"bot", "storage"} == set()

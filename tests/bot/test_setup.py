"""`crier init`: asks or is told, checks tokens over real HTTP, writes privately, overwrites nothing, says no secret."""

from __future__ import annotations

import asyncio
import datetime as dt
import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from dotenv import dotenv_values
from emulators.telegram import TOKEN as TELEGRAM, Telegram
from hypothesis import given, strategies as st

from bot.introductions import Refused, Unasked, introduce
from bot.platforms.discord_token import NEW_TOKEN
from bot.platforms.invitation import RIGHTS
from bot.settings import Settings, read_settings
from bot.setup import Made, Wanted, initialise, quoted, told
from engine.errors import BadConfiguration, BadRequest, CannotWrite
from storage.database import open_database

NOW = dt.datetime(2026, 11, 23, 1, tzinfo=dt.UTC)
DISCORD = "MTIzNDU2Nzg5MDEyMzQ1Njc4.Gabcde.emulated-token-of-discord"
WRONG = "987654321:AAWrong-Token-of-thirty-five-chars-x"


class Discord:
    """The two questions of Discord's REST API that init asks; `application` is what it says of ours."""

    def __init__(self) -> None:
        self.application: dict[str, Any] = {"id": "77", "bot_public": True, "bot_require_code_grant": False}
        self.address = ""

    async def serve(self, request: web.Request) -> web.Response:
        if request.headers.get("Authorization") != f"Bot {DISCORD}":
            return web.json_response({"message": "401: Unauthorized", "code": 0}, status=401)
        known = {
            "users/@me": {"id": "78", "username": "crier", "bot": True},
            "oauth2/applications/@me": self.application,
        }
        return web.json_response(known[request.match_info["path"]])


@contextmanager
def running(telegram: Telegram, discord: Discord) -> Iterator[None]:
    """Both services on loopback, in a loop of their own: init runs its own."""
    loop = asyncio.new_event_loop()
    app = web.Application()
    app.router.add_get("/api/v10/{path:.*}", discord.serve)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)

    async def begin() -> None:
        await telegram.__aenter__()
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        discord.address = f"http://127.0.0.1:{runner.addresses[0][1]}/api/v10"

    async def end() -> None:
        await telegram.__aexit__()
        await runner.cleanup()

    loop.run_until_complete(begin())
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        yield
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.run_until_complete(end())
        loop.close()


@pytest.fixture(scope="module")
def services() -> Iterator[tuple[Telegram, Discord]]:
    telegram, discord = Telegram(), Discord()
    with running(telegram, discord):
        yield telegram, discord


@pytest.fixture
def apis(services: tuple[Telegram, Discord], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    monkeypatch.chdir(tmp_path)
    return {"telegram": services[0].address, "discord": services[1].address}


class Person:
    """Somebody at a terminal: answers secrets and questions from lists, and keeps what was asked."""

    def __init__(self, *secrets: str, agrees: bool = True) -> None:
        self.secrets = list(secrets)
        self.agrees = agrees
        self.asked: list[str] = []

    def text(self, question: str, default: str) -> str:
        self.asked.append(question)
        return default

    def secret(self, question: str) -> str:
        self.asked.append(question)
        return self.secrets.pop(0) if self.secrets else ""

    def yes(self, question: str) -> bool:
        self.asked.append(question)
        return self.agrees


def run(wanted: Wanted, asker: Person | None = None) -> tuple[Made, str]:
    """(What came of it, all that was said)."""
    said: list[str] = []
    made = initialise(wanted, asker, said.append, NOW)
    return made, "\n".join([*said, *told(made)])


def test_without_anybody_there_options_answer_everything(apis: dict[str, str]) -> None:
    wanted = Wanted(
        Path(".env"), Path("my bot.db"), "conservative", "telegram:5",
        {"telegram": TELEGRAM, "discord": DISCORD}, apis=apis,
    )  # fmt: skip
    made, said = run(wanted)
    settings = read_settings()
    assert settings.telegram_token is not None
    assert settings.telegram_token.get_secret_value() == TELEGRAM
    assert (settings.mode, settings.admins) == ("conservative", (("telegram", "5"),))
    assert settings.database == Path("my bot.db")
    assert settings.telegram_api == apis["telegram"]
    assert Path(".env").stat().st_mode & 0o777 == 0o600
    assert "the token is that of @CrierBot" in said
    assert "https://t.me/CrierBot?startgroup" in said
    assert "https://t.me/CrierBot?startchannel&admin=post_messages" in said
    assert (
        f"https://discord.com/oauth2/authorize?client_id=77&scope=bot%20applications.commands&permissions={RIGHTS}"
        in said
    )
    assert f"/claim {made.code}" in said
    for secret in (TELEGRAM, TELEGRAM.split(":")[1], DISCORD):
        assert secret not in said + repr(made)


def test_the_code_makes_one_person_an_admin_and_stands_in_no_file(apis: dict[str, str], tmp_path: Path) -> None:
    made, _ = run(Wanted(Path(".env"), tokens={"telegram": TELEGRAM}, apis=apis))
    assert made.code not in Path(".env").read_text("utf-8")
    opened = open_database(tmp_path / "crier.db")
    try:
        opened.admins.claim(made.code, "telegram", "5", NOW)
        with pytest.raises(BadRequest):
            opened.admins.claim(made.code, "telegram", "6", NOW)
    finally:
        opened.close()
    assert not any(made.code.encode() in each.read_bytes() for each in tmp_path.iterdir())


def test_in_a_terminal_a_refused_token_is_asked_for_again_and_an_empty_one_means_no(apis: dict[str, str]) -> None:
    person = Person(WRONG, TELEGRAM, "")
    made, said = run(Wanted(Path(".env"), apis=apis), person)
    assert [bot.platform for bot in made.bots] == ["telegram"]
    assert "no longer takes this bot's token" in said
    assert sum("Telegram token" in question for question in person.asked) == 2
    assert "CRIER_DISCORD" not in Path(".env").read_text("utf-8")
    assert WRONG not in said


def test_a_mode_that_is_mistyped_is_asked_for_again_before_any_token(apis: dict[str, str], tmp_path: Path) -> None:
    modes = iter(["reckless", " Aggressive"])

    class Hasty(Person):
        def text(self, question: str, default: str) -> str:
            answer = super().text(question, default)
            return next(modes, "reckless") if "Risk mode" in question else answer

    person = Hasty("", "")
    _, said = run(Wanted(Path(".env"), apis=apis), person)
    assert "There is no mode 'reckless'." in said
    assert "CRIER_MODE=aggressive" in Path(".env").read_text("utf-8")
    Path(".env").unlink()
    stubborn = Hasty()
    with pytest.raises(BadConfiguration, match="must be one of"):
        run(Wanted(Path(".env"), apis=apis), stubborn)
    assert not any("token" in question for question in stubborn.asked)


def test_a_refusal_is_told_once_and_without_a_word_on_the_keys_of_sources(
    apis: dict[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(Refused):
        introduce("discord", WRONG, apis["discord"])
    assert caplog.records == []
    assert logging.getLogger("engine.sources.http.client").filters == []


def test_three_refused_tokens_write_nothing(apis: dict[str, str], tmp_path: Path) -> None:
    with pytest.raises(Refused, match="took none of 3 tokens"):
        run(Wanted(Path(".env"), apis=apis), Person(WRONG, WRONG, WRONG))
    assert list(tmp_path.iterdir()) == []


def test_a_service_that_cannot_be_asked_leaves_the_choice_to_who_is_there(apis: dict[str, str], tmp_path: Path) -> None:
    away = apis | {"telegram": "http://127.0.0.1:1", "discord": "http://127.0.0.1:1/api/v10"}
    made, said = run(Wanted(Path(".env"), apis=away), Person(TELEGRAM, DISCORD))
    assert made.unchecked == ("telegram", "discord")
    assert "Telegram: the token was not checked." in said
    Path(".env").unlink()
    with pytest.raises(Unasked, match="Discord cannot be asked now"):
        run(Wanted(Path(".env"), tokens={"discord": DISCORD}, apis=away))
    assert not Path(".env").exists()
    made, _ = run(Wanted(Path(".env"), tokens={"discord": DISCORD}, apis=away, check=False))
    assert made.unchecked == ("discord",)


def test_a_wrong_token_of_either_service_is_refused_without_being_repeated(apis: dict[str, str]) -> None:
    for platform, token in (("telegram", WRONG), ("telegram", "nonsense"), ("discord", WRONG)):
        with pytest.raises(Refused) as caught:
            introduce(platform, token, apis[platform])
        assert token not in str(caught.value)
    assert str(caught.value) == NEW_TOKEN


def test_what_should_be_changed_at_discord_is_said(apis: dict[str, str], services: tuple[Telegram, Discord]) -> None:
    discord = services[1]
    before = discord.application
    discord.application = {"id": "77", "bot_public": False, "bot_require_code_grant": True}
    try:
        notes = introduce("discord", DISCORD, apis["discord"]).notes
    finally:
        discord.application = before
    assert ["Code Grant" in notes[0], "Public Bot" in notes[1]] == [True, True]


def test_a_file_that_is_there_is_replaced_only_by_who_says_so_and_is_kept(apis: dict[str, str]) -> None:
    Path(".env").write_text("CRIER_MODE=aggressive\n", "utf-8")
    for asker in (None, Person("", "", agrees=False)):
        with pytest.raises(CannotWrite, match=r"left as it is: give --overwrite"):
            run(Wanted(Path(".env"), apis=apis), asker)
        assert Path(".env").read_text("utf-8") == "CRIER_MODE=aggressive\n"
    run(Wanted(Path(".env"), apis=apis, overwrite=True))
    assert Path(".env.before").read_text("utf-8") == "CRIER_MODE=aggressive\n"
    assert Path(".env.before").stat().st_mode & 0o777 == 0o600
    assert "CRIER_MODE=balanced" in Path(".env").read_text("utf-8")


@pytest.mark.parametrize(
    "changes, word",
    [
        ({"mode": "reckless"}, "CRIER_MODE: must be one of"),
        ({"admins": "joe"}, "CRIER_ADMINS: each admin is written like"),
        ({"files": {"telegram": Path("gone")}}, "CRIER_TELEGRAM_TOKEN_FILE: gone cannot be read"),
        ({"database": Path("no/such/folder/crier.db")}, "there is no folder"),
    ],
)
def test_a_wrong_answer_writes_nothing(
    apis: dict[str, str], tmp_path: Path, changes: dict[str, Any], word: str
) -> None:
    with pytest.raises((BadConfiguration, CannotWrite), match=word):
        run(Wanted(Path(".env"), apis=apis, **changes))
    assert not list(tmp_path.glob(".env*"))


def test_a_token_in_a_file_of_its_own_stays_there(apis: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "secret").write_text(f"{TELEGRAM}\n", "utf-8")
    made, _ = run(Wanted(Path(".env"), files={"telegram": Path("secret")}, apis=apis))
    assert [bot.name for bot in made.bots] == ["@CrierBot"]
    assert TELEGRAM not in Path(".env").read_text("utf-8")
    settings = Settings()
    assert settings.telegram_token is not None
    assert settings.telegram_token.get_secret_value() == TELEGRAM


@given(st.text(st.characters(exclude_categories=["C"]), min_size=1, max_size=20))
def test_a_written_value_is_read_back_whatever_signs_are_in_it(value: str) -> None:
    import io

    assert dotenv_values(stream=io.StringIO(f"CRIER_X={quoted(value)}\n"), interpolate=False) == {"CRIER_X": value}

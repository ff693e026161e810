"""OAuth tokens: asked for once while good, by a form that follows nobody, and told to no log, error or stranger."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator

import pytest
from aiohttp import web
from emulators.clock import FakeTime
from emulators.service import Asked, Service

from engine.errors import SourceError, SourceGarbled, SourceRefused
from engine.sources.http.client import HttpClient
from engine.sources.http.limits import Limits
from engine.sources.port import Batch, Client, Host, Key, Source, Want

HOME, API = "https://www.example.com", "https://api.example.org"
SECRET, TOKEN = "client:very-secret-0123456789", "token-abcdef"


async def nothing(client: Client, want: Want) -> AsyncIterator[Batch]:
    yield Batch()


KEY = Key("Authorization", "oauth", "more", (API,), prefix="bearer ", token=f"{HOME}/token")
HOSTS = (Host(HOME, 0.5, "/"), Host(API, 0.5, "/"))
SOURCE = Source("example", "Example", "sentiment", ("headlines",), HOSTS, "https://x", "free", nothing, key=KEY)


class Setting:
    """A service that hands tokens out, and a client that needs them."""

    def __init__(self) -> None:
        self.time = FakeTime()
        self.answer: object = {"access_token": TOKEN, "expires_in": 3600}
        self.service = Service({HOME: self._home, API: lambda asked: {"ok": True}}, lambda: self.time.seconds)

    def _home(self, asked: Asked) -> object:
        return self.answer

    async def ask(self, key: str = SECRET, url: str = f"{API}/new", times: int = 1, wait: float = 0) -> None:
        limits = Limits(total=2.0, read=1.0, connect=1.0, attempts=2)
        bases = self.service.bases
        async with HttpClient([SOURCE], self.time.clock, limits=limits, bases=bases, keys={"example": key}) as client:
            for _ in range(times):
                assert (await client.bound(SOURCE).get(url)).json() is not None
                self.time.pass_(seconds=wait)

    def seen(self, host: str) -> list[Asked]:
        return [asked for asked in self.service.seen if asked.host in host]


@pytest.fixture
async def setting() -> AsyncIterator[Setting]:
    made = Setting()
    async with made.service:
        yield made


async def test_a_token_is_asked_for_once_and_sent_to_the_api_alone(setting: Setting) -> None:
    await setting.ask(times=3)
    asked = setting.seen(HOME)
    assert [seen.form for seen in asked] == [{"grant_type": "client_credentials"}]
    assert asked[0].headers["Authorization"].startswith("Basic ")
    assert {seen.headers["Authorization"] for seen in setting.seen(API)} == {f"bearer {TOKEN}"}


async def test_a_token_that_has_run_out_is_asked_for_again(setting: Setting) -> None:
    await setting.ask(times=2, wait=3600)
    assert len(setting.seen(HOME)) == 2


async def test_where_no_token_is_needed_none_is_asked_for_and_the_key_stays_here(setting: Setting) -> None:
    await setting.ask(url=f"{HOME}/feed")
    assert [seen.form for seen in setting.service.seen] == [None]
    assert "Authorization" not in setting.service.seen[0].headers


@pytest.mark.parametrize("key", ["", "only-an-id", ":secret", "id:"])
async def test_a_key_of_the_wrong_form_is_said_without_showing_it(setting: Setting, key: str) -> None:
    if not key:
        await setting.ask(key)
        assert "Authorization" not in setting.seen(API)[0].headers
        return
    with pytest.raises(SourceRefused, match="ID:SECRET") as refusal:
        await setting.ask(key)
    assert key.strip(":") not in str(refusal.value)
    assert setting.service.seen == []


@pytest.mark.parametrize(
    "answer",
    [{}, [], None, {"access_token": None}, {"access_token": "two\nlines"}, {"access_token": "x" * 5000},
     {"access_token": 7}, web.Response(status=302, headers={"Location": "https://elsewhere.example/"})],
)  # fmt: skip
async def test_what_is_no_token_is_not_used(setting: Setting, answer: object, caplog: pytest.LogCaptureFixture) -> None:
    setting.answer = answer
    with caplog.at_level(logging.DEBUG), pytest.raises(SourceGarbled) as error:
        await setting.ask()
    assert setting.seen(API) == []
    assert "very-secret" not in caplog.text + str(error.value)


async def test_a_refused_key_is_one_clear_sentence(setting: Setting) -> None:
    setting.answer = web.Response(status=401)
    with pytest.raises(SourceError, match="its key is wrong or missing"):
        await setting.ask()
    assert len(setting.service.seen) == 1

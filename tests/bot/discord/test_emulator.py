"""The emulator refuses what Discord refuses, in Discord's words: what passes here passes there."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import ClientSession, FormData
from emulators.discord import Discord
from emulators.discord_limits import DiscordError, check_commands, check_modal


@pytest.fixture
async def server() -> AsyncIterator[Discord]:
    async with Discord() as server:
        yield server


async def call(server: Discord, method: str, path: str, body: Any = None, token: str = "") -> tuple[int, Any, Any]:
    """One call as a bot makes it: status, JSON, headers."""
    headers = {"Authorization": f"Bot {token or server.token}"}
    async with (
        ClientSession() as client,
        client.request(method, server.api + path, json=body, headers=headers) as answer,
    ):
        return answer.status, (await answer.json() if answer.status != 204 else None), answer.headers


def embeds(*made: dict[str, Any]) -> dict[str, Any]:
    return {"embeds": list(made)}


def rows(*parts: dict[str, Any]) -> dict[str, Any]:
    return {"content": "x", "components": [{"type": 1, "components": list(parts)}]}


def button(name: str, **more: Any) -> dict[str, Any]:
    return {"type": 2, "style": 2, "label": "x", "custom_id": name, **more}


OPTION = {"label": "x", "value": "x"}
FIELD = {"name": "x", "value": "x"}


@pytest.mark.parametrize(
    ("message", "code"),
    [
        ({}, 50006),
        ({"content": "x" * 2001}, 50035),
        ({"content": "x", "nonce": "x" * 26}, 50035),
        (embeds({"title": "x" * 257}), 50035),
        (embeds({"description": "x" * 4097}), 50035),
        (embeds({"description": "🚀" * 2049}), 50035),
        (embeds({"title": "x", "footer": {"text": "x" * 2049}}), 50035),
        (embeds({"fields": [FIELD] * 26}), 50035),
        (embeds({"fields": [FIELD | {"name": "x" * 257}]}), 50035),
        (embeds({"fields": [FIELD | {"value": "x" * 1025}]}), 50035),
        (embeds({"fields": [FIELD | {"value": ""}]}), 50035),
        (embeds({"description": "x" * 4000}, {"description": "x" * 2001}), 50035),
        (embeds(*[{"title": "x"}] * 11), 50035),
        (embeds({"title": "x", "image": {"url": "attachment://none.png"}}), 50035),
        (rows(*(button(str(i)) for i in range(6))), 50035),
        (rows(button("a"), button("a")), 50035),
        (rows(button("")), 50035),
        (rows(button("x" * 101)), 50035),
        (rows(button("a", label="x" * 81)), 50035),
        (rows({"type": 2, "style": 5, "label": "x", "url": "javascript:x"}), 50035),
        (rows({"type": 3, "custom_id": "a", "options": [OPTION, OPTION]}), 50035),
        (
            rows({"type": 3, "custom_id": "a", "options": [{"label": str(i), "value": str(i)} for i in range(26)]}),
            50035,
        ),
        (rows({"type": 3, "custom_id": "a", "options": [OPTION]}, button("b")), 50035),
    ],
)
async def test_a_message_over_a_limit_is_refused(server: Discord, message: dict[str, Any], code: int) -> None:
    ann = server.person("Ann")
    status, body, _ = await call(server, "POST", f"/channels/{ann.dm.id}/messages", message)
    assert (status, body["code"], server.sent) == (400, code, [])


async def test_a_message_at_the_limits_is_taken_with_the_very_content_type(server: Discord) -> None:
    path = f"/channels/{server.person('Ann').dm.id}/messages"
    status, _, headers = await call(server, "POST", path, embeds({"title": "x" * 256, "description": "x" * 4096}))
    assert (status, headers["Content-Type"]) == (200, "application/json")


async def test_a_nonce_that_is_enforced_is_taken_once(server: Discord) -> None:
    path = f"/channels/{server.person('Ann').dm.id}/messages"
    for enforced, count in ((True, 1), (True, 1), (False, 2)):
        await call(server, "POST", path, {"content": "x", "nonce": "n", "enforce_nonce": enforced})
        assert len(server.sent) == count


async def test_files_come_with_their_message(server: Discord) -> None:
    form = FormData({"payload_json": '{"embeds": [{"title": "x", "image": {"url": "attachment://a.png"}}]}'})
    form.add_field("files[0]", b"png", filename="a.png")
    path, headers = f"/channels/{server.person('Ann').dm.id}/messages", {"Authorization": f"Bot {server.token}"}
    async with ClientSession() as client, client.post(server.api + path, data=form, headers=headers) as answer:
        assert answer.status == 200
    assert server.sent[0].files == {"a.png": b"png"}


async def test_strangers_and_unknown_places_are_refused(server: Discord) -> None:
    message = {"content": "x"}
    assert (await call(server, "GET", "/users/@me", token="wrong"))[0] == 401
    assert (await call(server, "POST", "/channels/1/messages", message))[1]["code"] == 10003
    assert (await call(server, "POST", "/users/@me/channels", {"recipient_id": "1"}))[1]["code"] == 10013
    assert (await call(server, "GET", "/no/such/thing"))[0] == 404


async def test_an_interaction_is_answered_in_time_and_once(server: Discord) -> None:
    await call(server, "PUT", "/applications/4242/commands", [{"name": "status", "description": "x"}])
    asked = server.person("Ann").runs("/status")
    path, answer = f"/interactions/{asked.id}/{asked.token}/callback", {"type": 4, "data": {"content": "x"}}
    assert (await call(server, "POST", f"/webhooks/4242/{asked.token}", {"content": "x"}))[1]["code"] == 10015
    assert (await call(server, "POST", path, {"type": 7, "data": {"content": "x"}}))[1]["code"] == 50035
    assert "id" in (await call(server, "POST", path, answer))[1]["interaction"]
    assert (await call(server, "POST", path, answer))[1]["code"] == 40060
    late = server.person("Bob").runs("/status")
    late.at = time.monotonic() - 3.01
    path = f"/interactions/{late.id}/{late.token}/callback"
    assert (await call(server, "POST", path, answer))[1]["code"] == 10062
    asked.at = time.monotonic() - 901
    assert (await call(server, "POST", f"/webhooks/4242/{asked.token}", {"content": "x"}))[1]["code"] == 50027


async def test_the_sixth_message_in_five_seconds_is_told_how_long_to_wait(server: Discord) -> None:
    server.enforcing = True
    path = f"/channels/{server.person('Ann').dm.id}/messages"
    for left in (4, 3, 2, 1, 0):
        _, _, headers = await call(server, "POST", path, {"content": "x"})
        assert headers["X-RateLimit-Remaining"] == str(left)
    status, body, headers = await call(server, "POST", path, {"content": "x"})
    assert status == 429 and 0 < body["retry_after"] <= 5 and headers["Via"]


def command(**more: Any) -> dict[str, Any]:
    return {"name": "x", "description": "x", "options": [], **more}


def option(**more: Any) -> dict[str, Any]:
    return {"name": "o", "description": "x", "type": 3, **more}


@pytest.mark.parametrize(
    "commands",
    [
        [command(name=f"c{i}") for i in range(101)],
        [command(), command()],
        [command(name="Capital")],
        [command(name="x" * 33)],
        [command(description="x" * 101)],
        [command(description="")],
        [command(options=[option(name=f"o{i}") for i in range(26)])],
        [command(options=[option(), option(name="p", required=True)])],
        [command(options=[option(choices=[{"name": str(i), "value": str(i)} for i in range(26)])])],
        [command(options=[option(choices=[{"name": "a", "value": "a"}], autocomplete=True)])],
        [command(options=[option(), option(name="s", type=1)])],
        [command(options=[option(name=f"o{i}", type=1, options=[option(name=f"p{k}", description="x" * 100)
                                                               for k in range(25)]) for i in range(4)])],
    ],
)  # fmt: skip
def test_a_set_of_commands_over_a_limit_is_refused(commands: list[dict[str, Any]]) -> None:
    with pytest.raises(DiscordError):
        check_commands(commands)
    check_commands([command(options=[option(required=True), option(name="p")])])


def test_a_form_over_a_limit_is_refused() -> None:
    fine = {"title": "x", "custom_id": "x", "components": [{"components": [{"type": 4, "label": "x"}]}]}
    check_modal(fine)
    for wrong in ({"title": "x" * 46}, {"components": []}, {"custom_id": ""}):
        with pytest.raises(DiscordError):
            check_modal(fine | wrong)

"""The calls of Discord's REST API that a bot makes, each as a function of the server and what was sent."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from aiohttp import web
from emulators.discord_limits import DiscordError, check_message, check_modal
from emulators.discord_people import COMPLETION, COMPONENT, MODAL, NEWS, Asked, Sent

if TYPE_CHECKING:
    from emulators.discord import Discord

EPHEMERAL = 64
MESSAGE, DEFERRED, DEFERRED_UPDATE, UPDATE, CHOICES, FORM = 4, 5, 6, 7, 8, 9
TOKEN_LASTS = 900.0
NONCE_LASTS = 300.0  # seconds in which a repeat is known for one

Files = dict[str, bytes]


def answered(content: Any, headers: dict[str, str] | None = None, status: int = 200) -> web.Response:
    """JSON as Discord sends it: with that content type exactly."""
    if content is None:
        return web.Response(status=204)
    given = {"Content-Type": "application/json"} | (headers or {})
    return web.Response(body=json.dumps(content).encode(), status=status, headers=given)


def problem(error: DiscordError, headers: dict[str, str] | None = None) -> web.Response:
    body: dict[str, Any] = {"message": str(error), "code": error.code}
    if error.errors:
        body["errors"] = {"_errors": [{"code": "INVALID", "message": str(error.errors)}]}
    return answered(body, headers, error.status)


def me(server: Discord, payload: Any, files: Files) -> Any:
    return server.me()


def application(server: Discord, payload: Any, files: Files) -> Any:
    owner = server.me() | {"id": "1"}
    return {"id": server.me()["id"], "name": "Crier", "description": "", "icon": None, "bot_public": True,
            "bot_require_code_grant": False, "owner": owner, "verify_key": "0", "flags": 0, "team": None}  # fmt: skip


def gateway(server: Discord, payload: Any, files: Files) -> Any:
    limits = {"total": 1000, "remaining": 999, "reset_after": 14_400_000, "max_concurrency": 1}
    return {"url": server.gateway, "shards": server.advised, "session_start_limit": limits}


def put_commands(server: Discord, payload: Any, files: Files, app: str) -> Any:
    return server.put_commands(payload)


def create_message(server: Discord, payload: Any, files: Files, channel: str) -> Any:
    room = server.channels.get(int(channel))
    if room is None:
        raise DiscordError(404, 10003, "Unknown Channel")
    if room.refusal:
        raise DiscordError(*room.refusal)
    headers = server.count_create(room.id)
    if isinstance(headers, web.Response):
        return headers
    check_message(payload, files)
    if files and room.refuses_files:
        raise DiscordError(403, 50013, "Missing Permissions")
    nonce = str(payload.get("nonce") or "")
    known = server.nonces.get((room.id, nonce)) if nonce and payload.get("enforce_nonce") else None
    if known is not None and server.monotonic() - known.at > NONCE_LASTS:
        known = None
    sent = known or Sent(server.next(), room.id, payload, files, at=server.monotonic())
    if known is None:
        server.sent.append(sent)
        if nonce:
            server.nonces[room.id, nonce] = sent
    return answered(server.message_json(sent), headers)


def edit_message(server: Discord, payload: Any, files: Files, channel: str, message: str) -> Any:
    return _edit(server, _message(server, message), payload, files)


def crosspost(server: Discord, payload: Any, files: Files, channel: str, message: str) -> Any:
    if server.channels[int(channel)].kind != NEWS:
        raise DiscordError(400, 50024, "Cannot execute action on this channel type")
    sent = _message(server, message)
    sent.published = True
    return server.message_json(sent)


def open_dm(server: Discord, payload: Any, files: Files) -> Any:
    person = server.people.get(int(payload["recipient_id"]))
    if person is None:
        raise DiscordError(404, 10013, "Unknown User")
    if not person.takes_messages:
        person.dm.refusal = (403, 50007, "Cannot send messages to this user")
    return person.dm.as_json() | {"recipients": [person.as_json()]}


def member(server: Discord, payload: Any, files: Files, guild: str, user: str) -> Any:
    found = server.guilds.get(int(guild))
    person = server.people.get(int(user))
    if found is None or person is None:
        raise DiscordError(404, 10007, "Unknown Member")
    return found.member(person.as_json())


def callback(server: Discord, payload: Any, files: Files, id_: str, token: str) -> Any:
    """The first answer to an interaction, which must come in time and once."""
    asked = server.asked.get(token)
    if asked is None or str(asked.id) != id_ or server.monotonic() - asked.at > server.deadline:
        raise DiscordError(404, 10062, "Unknown interaction")
    if asked.callback is not None:
        raise DiscordError(400, 40060, "Interaction has already been acknowledged.")
    kind, data = payload["type"], payload.get("data") or {}
    _first_answer(server, asked, kind, data, files)
    asked.callback = payload
    shown = {"id": id_, "type": asked.kind, "response_message_loading": kind == DEFERRED}
    if asked.original is not None and kind != DEFERRED_UPDATE:
        shown |= {"response_message_id": str(asked.original.id), "response_message_ephemeral": asked.original.ephemeral}
    return {"interaction": shown, "resource": {"type": kind}}


def _first_answer(server: Discord, asked: Asked, kind: int, data: dict[str, Any], files: Files) -> None:
    if kind == CHOICES and asked.kind == COMPLETION:
        choices = data["choices"]
        if len(choices) > 25 or any(not 0 < len(str(c[key])) <= 100 for c in choices for key in ("name", "value")):
            raise DiscordError(400, 50035, "Invalid Form Body", ["choices"])
        asked.completions = [choice["name"] for choice in choices]
    elif kind == MESSAGE:
        asked.original = _new(server, asked, data, files)
    elif kind == DEFERRED:
        asked.deferred = True
        ephemeral = bool(int(data.get("flags") or 0) & EPHEMERAL)
        asked.original = Sent(server.next(), asked.channel, ephemeral=ephemeral, thinking=True)
        server.sent.append(asked.original)
        asked.answered.append(asked.original)
    elif kind in (DEFERRED_UPDATE, UPDATE) and asked.kind in (COMPONENT, MODAL) and asked.source is not None:
        asked.original, asked.deferred = asked.source, kind == DEFERRED_UPDATE
        if kind == UPDATE:
            _edit(server, asked.source, data, files)
    elif kind == FORM and asked.kind != MODAL:
        check_modal(data)
        asked.modal = data
    else:
        raise DiscordError(400, 50035, "Invalid Form Body", [f"type {kind} answers no interaction {asked.kind}"])


def follow_up(server: Discord, payload: Any, files: Files, app: str, token: str) -> Any:
    asked = _living(server, token)
    if asked.original is not None and asked.original.thinking:  # the first one takes its place, seen by whom that was
        return _edit(server, asked.original, payload, files)
    return server.message_json(_new(server, asked, payload, files))


def edit_original(server: Discord, payload: Any, files: Files, app: str, token: str, which: str) -> Any:
    asked = _living(server, token)
    sent = asked.original if which == "@original" else _message(server, which)
    if sent is None:
        raise DiscordError(404, 10008, "Unknown Message")
    return _edit(server, sent, payload, files)


def delete_original(server: Discord, payload: Any, files: Files, app: str, token: str, which: str) -> Any:
    asked = _living(server, token)
    sent = asked.original if which == "@original" else _message(server, which)
    if sent is None or sent not in server.sent:
        raise DiscordError(404, 10008, "Unknown Message")
    server.sent.remove(sent)
    if sent in asked.answered:
        asked.answered.remove(sent)
    asked.original = None


def _living(server: Discord, token: str) -> Asked:
    asked = server.asked.get(token)
    if asked is None or server.monotonic() - asked.at > TOKEN_LASTS:
        raise DiscordError(401, 50027, "Invalid Webhook Token")
    if asked.callback is None:
        raise DiscordError(404, 10015, "Unknown Webhook")
    return asked


def _new(server: Discord, asked: Asked, data: dict[str, Any], files: Files) -> Sent:
    check_message(data, files)
    ephemeral = bool(int(data.get("flags") or 0) & EPHEMERAL)
    sent = Sent(server.next(), asked.channel, data, files, ephemeral=ephemeral, at=server.monotonic())
    server.sent.append(sent)
    asked.answered.append(sent)
    return sent


def _edit(server: Discord, sent: Sent, payload: dict[str, Any], files: Files) -> Any:
    """Change what is named in the payload, and leave the rest."""
    merged = {**sent.payload, **payload}
    kept = {} if "attachments" in payload else sent.files
    check_message(merged, {**kept, **files})
    sent.payload, sent.files = merged, {**kept, **files}
    sent.edits += not sent.thinking
    sent.thinking = False
    return server.message_json(sent)


def _message(server: Discord, id_: str) -> Sent:
    for sent in server.sent:
        if str(sent.id) == id_:
            return sent
    raise DiscordError(404, 10008, "Unknown Message")


def _route(method: str, path: str, handler: Callable[..., Any]) -> tuple[str, re.Pattern[str], Callable[..., Any]]:
    return method, re.compile(path.replace("*", "([^/]+)")), handler


ROUTES = (
    _route("GET", "/users/@me", me),
    _route("GET", "/oauth2/applications/@me", application),
    _route("GET", "/gateway/bot", gateway),
    _route("POST", "/users/@me/channels", open_dm),
    _route("PUT", "/applications/*/commands", put_commands),
    _route("POST", "/channels/*/messages", create_message),
    _route("PATCH", "/channels/*/messages/*", edit_message),
    _route("POST", "/channels/*/messages/*/crosspost", crosspost),
    _route("GET", "/guilds/*/members/*", member),
    _route("POST", "/interactions/*/*/callback", callback),
    _route("POST", "/webhooks/*/*", follow_up),
    _route("PATCH", "/webhooks/*/*/messages/*", edit_original),
    _route("DELETE", "/webhooks/*/*/messages/*", delete_original),
)

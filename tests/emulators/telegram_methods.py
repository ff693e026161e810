"""What each method of the Bot API does in the emulator: one function a method, errors in the server's own words."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from emulators.telegram_html import CannotParse, Entity, read_html, units
from emulators.telegram_people import Room, Sent

if TYPE_CHECKING:
    from emulators.telegram import Telegram

MOST_TEXT, MOST_CAPTION, MOST_DATA, MOST_BUTTONS, MOST_TOAST = 4096, 1024, 64, 100, 200
MENU_LENGTHS = (32, 256)
GIFTS = {"unlimited_gifts": False, "limited_gifts": False, "unique_gifts": False, "premium_subscription": False,
         "gifts_from_channels": False}  # fmt: skip
PNG = b"\x89PNG\r\n\x1a\n"


class ApiError(Exception):
    """An answer with `ok` false."""

    def __init__(self, code: int, description: str, parameters: dict[str, Any] | None = None) -> None:
        super().__init__(description)
        self.code = code
        self.description = description
        self.parameters = parameters or {}


def bad(description: str) -> ApiError:
    return ApiError(400, f"Bad Request: {description}")


def _room(server: Telegram, fields: dict[str, Any]) -> Room:
    """The chat a message goes to, or why it may not."""
    room = server.rooms.get(int(fields.get("chat_id") or 0))
    if room is None:
        raise bad("chat not found")
    if room.moved_to is not None:
        said = "Bad Request: group chat was upgraded to a supergroup chat"
        raise ApiError(400, said, {"migrate_to_chat_id": room.moved_to})
    if room.refusal:
        raise ApiError(*room.refusal)
    thread = fields.get("message_thread_id")
    if thread is not None:
        if not room.is_forum or (room.topics and int(thread) not in room.topics):
            raise bad("message thread not found")
        if int(thread) in room.closed_topics:
            raise bad("TOPIC_CLOSED")
    return room


def _read(written: Any, mode: str | None, most: int, empty: str | None, long: str) -> tuple[str, list[Entity]]:
    written = str(written or "")
    try:
        text, entities = read_html(written) if mode == "HTML" else (written, [])
    except CannotParse as error:
        raise bad(f"can't parse entities: {error}") from None
    if empty and not text.strip():
        raise bad(empty)
    if units(text) > most:
        raise bad(long)
    return text, entities


def _keyboard(server: Telegram, fields: dict[str, Any]) -> list[list[dict[str, Any]]]:
    rows: list[list[dict[str, Any]]] = (fields.get("reply_markup") or {}).get("inline_keyboard", [])
    buttons = [button for row in rows for button in row]
    if len(buttons) > MOST_BUTTONS:
        raise bad("REPLY_MARKUP_TOO_LONG")
    for button in buttons:
        if not button.get("text"):
            raise bad("can't parse inline keyboard button: Text buttons are allowed in reply keyboards only")
        if "callback_data" in button and not 0 < len(str(button["callback_data"]).encode()) <= MOST_DATA:
            raise bad("BUTTON_DATA_INVALID")
        if "url" in button and not str(button["url"]).startswith(("https://", "http://", "tg://")):
            raise bad(f"inline keyboard button URL '{button['url']}' is invalid: Wrong HTTP URL")
        if not {"callback_data", "url", "copy_text", "switch_inline_query_current_chat"} & set(button):
            raise bad("BUTTON_TYPE_INVALID")
    return rows


def _send(server: Telegram, fields: dict[str, Any], text: str, entities: list[Entity], html: str,
          photo: bytes = b"") -> dict[str, Any]:  # fmt: skip
    sent = Sent(
        id=server.next("message"), chat=int(fields["chat_id"]), html=html, text=text, entities=entities,
        keyboard=_keyboard(server, fields), photo=photo, silent=bool(fields.get("disable_notification")),
        thread=fields.get("message_thread_id"), reply_to=(fields.get("reply_parameters") or {}).get("message_id"),
        preview=not (fields.get("link_preview_options") or {}).get("is_disabled", False), at=server.monotonic(),
    )  # fmt: skip
    server.sent.append(sent)
    return server.message_json(sent)


def send_message(server: Telegram, fields: dict[str, Any]) -> Any:
    _room(server, fields)
    written = fields.get("text")
    text, entities = _read(written, fields.get("parse_mode"), MOST_TEXT, "message text is empty", "message is too long")
    return _send(server, fields, text, entities, str(written))


def send_photo(server: Telegram, fields: dict[str, Any]) -> Any:
    room = _room(server, fields)
    if room.refuses_photos:
        raise ApiError(*room.refuses_photos)
    photo = next((value for value in fields.values() if isinstance(value, bytes)), b"")
    if not photo.startswith(PNG):
        raise bad("IMAGE_PROCESS_FAILED")
    written = fields.get("caption") or ""
    text, entities = _read(written, fields.get("parse_mode"), MOST_CAPTION, None, "message caption is too long")
    return _send(server, fields, text, entities, str(written), photo)


def edit_message(server: Telegram, fields: dict[str, Any]) -> Any:
    _room(server, fields)
    sent = _mine(server, fields)
    if sent.photo:
        raise bad("there is no text in the message to edit")
    written = fields.get("text")
    text, entities = _read(written, fields.get("parse_mode"), MOST_TEXT, "message text is empty", "message is too long")
    keyboard = _keyboard(server, fields)
    if (text, entities, keyboard) == (sent.text, sent.entities, sent.keyboard):
        same = "specified new message content and reply markup are exactly the same as a current content and reply"
        raise bad(f"message is not modified: {same} markup of the message")
    sent.html, sent.text, sent.entities, sent.keyboard = str(written), text, entities, keyboard
    sent.edits += 1
    return server.message_json(sent)


def edit_keyboard(server: Telegram, fields: dict[str, Any]) -> Any:
    sent = _mine(server, fields)
    sent.keyboard = _keyboard(server, fields)
    return server.message_json(sent)


def delete_message(server: Telegram, fields: dict[str, Any]) -> Any:
    server.sent.remove(_mine(server, fields))
    return True


def _mine(server: Telegram, fields: dict[str, Any]) -> Sent:
    wanted = (int(fields.get("chat_id") or 0), int(fields.get("message_id") or 0))
    found = [message for message in server.sent if (message.chat, message.id) == wanted]
    if not found:
        raise bad("message to edit not found")
    return found[0]


def answer_callback(server: Telegram, fields: dict[str, Any]) -> Any:
    query = str(fields.get("callback_query_id"))
    if not query.isdigit() or int(query) > server._ids["query"]:
        raise bad("query is too old and response timeout expired or query ID is invalid")
    if units(str(fields.get("text") or "")) > MOST_TOAST:
        raise bad("MESSAGE_TOO_LONG")
    server.answered[query] = fields
    return True


def answer_inline(server: Telegram, fields: dict[str, Any]) -> Any:
    results = fields.get("results")
    if isinstance(results, str):
        results = json.loads(results)
    if len(results) > 50:
        raise bad("RESULTS_TOO_MUCH")
    ids = [result["id"] for result in results]
    if len(set(ids)) != len(ids) or any(not 1 <= len(str(id_).encode()) <= 64 for id_ in ids):
        raise bad("RESULT_ID_INVALID")
    for result in results:
        content = result["input_message_content"]
        _read(content["message_text"], content.get("parse_mode"), MOST_TEXT, "MESSAGE_EMPTY", "MESSAGE_TOO_LONG")
    server.inline_answers[str(fields["inline_query_id"])] = results
    return True


def get_chat_member(server: Telegram, fields: dict[str, Any]) -> Any:
    from emulators.telegram import _member

    room = server.rooms.get(int(fields.get("chat_id") or 0))
    if room is None:
        raise bad("chat not found")
    user = int(fields.get("user_id") or 0)
    if user not in room.members:
        raise bad("PARTICIPANT_ID_INVALID")
    person = {"id": user, "is_bot": False, "first_name": "somebody"}
    return _member(person, room.members[user])


def get_chat(server: Telegram, fields: dict[str, Any]) -> Any:
    return {**_room(server, fields).as_json(), "accent_color_id": 0, "max_reaction_count": 11,
            "accepted_gift_types": GIFTS}  # fmt: skip


def chat_action(server: Telegram, fields: dict[str, Any]) -> Any:
    room = _room(server, fields)
    server.actions.append((room.id, str(fields["action"])))
    return True


def set_commands(server: Telegram, fields: dict[str, Any]) -> Any:
    commands = fields["commands"]
    if len(commands) > 100:
        raise bad("BOT_COMMANDS_TOO_MUCH")
    for command in commands:
        name, said = command["command"], command["description"]
        if not 1 <= len(name) <= MENU_LENGTHS[0] or name != name.lower() or not name.replace("_", "a").isalnum():
            raise bad("BOT_COMMAND_INVALID")
        if not 1 <= len(said) <= MENU_LENGTHS[1]:
            raise bad("BOT_COMMAND_DESCRIPTION_INVALID")
    server.commands[(fields.get("scope") or {"type": "default"})["type"]] = commands
    return True


def set_webhook(server: Telegram, fields: dict[str, Any]) -> Any:
    if str(fields.get("url", "")).startswith("http://") and "127.0.0.1" not in fields["url"]:
        raise bad("bad webhook: An HTTPS URL must be provided for webhook")
    server.webhook = dict(fields)
    server.allowed = list(fields.get("allowed_updates") or [])
    while server.updates:
        update = server.updates.popleft()
        server.tell(*next((kind, value) for kind, value in update.items() if kind != "update_id"))
    return True


def delete_webhook(server: Telegram, fields: dict[str, Any]) -> Any:
    server.webhook = {}
    return True


METHODS: dict[str, Callable[[Telegram, dict[str, Any]], Any]] = {
    "getme": lambda server, fields: server.me(),
    "sendmessage": send_message,
    "sendphoto": send_photo,
    "editmessagetext": edit_message,
    "editmessagereplymarkup": edit_keyboard,
    "deletemessage": delete_message,
    "answercallbackquery": answer_callback,
    "answerinlinequery": answer_inline,
    "getchat": get_chat,
    "getchatmember": get_chat_member,
    "sendchataction": chat_action,
    "setmycommands": set_commands,
    "setwebhook": set_webhook,
    "deletewebhook": delete_webhook,
    "getwebhookinfo": lambda server, fields: {
        "url": server.webhook.get("url", ""), "has_custom_certificate": False, "pending_update_count": 0,
    },
    "leavechat": lambda server, fields: True,
}  # fmt: skip

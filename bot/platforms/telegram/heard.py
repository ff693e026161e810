"""Which updates of Telegram are something said to the bot, by whom, and where; everything else is left alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from telegram import CallbackQuery, Chat, Message, Update

from bot.arguments import nearest
from bot.commands import COMMANDS
from bot.platforms.telegram.links import asked_by, only_reads
from storage.chats import Place

PLACES: dict[str, Place] = {"private": "private", "group": "group", "supergroup": "group", "channel": "channel"}
LONGEST_TITLE = 128


@dataclass(frozen=True, slots=True)
class Heard:
    """One thing said to the bot. `message` is the one it stands in, or under which the button is; `is_admin` None where
    Telegram must be asked; `query` is the press that waits for its answer."""

    text: str
    chat: int
    place: Place
    title: str
    user: str
    message: int
    thread: int | None = None
    is_admin: bool | None = None
    anonymous: bool = False
    query: CallbackQuery | None = None

    @property
    def pressed(self) -> bool:
        return self.query is not None

    @property
    def command(self) -> str:
        """`mode` of `/mode defi`; "" where it is no command."""
        return self.text.split(" ", 1)[0].lstrip("/").casefold() if self.text.startswith("/") else ""


def heard(update: Update, username: str) -> Heard | None:
    """What an update says to the bot called `username`; None where it says nothing, or not to it."""
    if update.callback_query is not None:
        return _press(update.callback_query)
    if update.channel_post is not None:
        return _post(update.channel_post, username)
    return _message(update.message, username) if update.message is not None else None


def chatter(update: Update) -> tuple[str, str] | None:
    """(Group, text) of what people say to one another there; Telegram tells it only to bots that may read along."""
    message = update.message
    if message is None or not message.text or message.chat.type not in (Chat.GROUP, Chat.SUPERGROUP):
        return None
    if message.text.startswith("/") or message.via_bot or message.from_user is None or message.from_user.is_bot:
        return None
    return str(message.chat.id), message.text


def is_forged(query: CallbackQuery) -> bool:
    """Whether a press carries what no button of its message sends; an old message no longer shows its buttons, so
    there only what changes nothing counts."""
    message = query.message
    if not isinstance(message, Message) or not message.is_accessible:
        return not only_reads(query.data or "")
    shown = message.reply_markup.inline_keyboard if message.reply_markup else ()
    return all(query.data != button.callback_data for row in shown for button in row)


def _press(query: CallbackQuery) -> Heard | None:
    message = query.message
    if message is None or not query.data or query.from_user.is_bot or message.chat.type not in PLACES:
        return None
    thread = _thread(message) if isinstance(message, Message) else None
    is_private = message.chat.type == Chat.PRIVATE
    return Heard(
        query.data, message.chat.id, PLACES[message.chat.type], _title(message.chat), str(query.from_user.id),
        message.message_id, thread, True if is_private else None, query=query,
    )  # fmt: skip


def _post(message: Message, username: str) -> Heard | None:
    """In a channel only what is addressed to the bot by name; whoever posts there is an admin of it."""
    text = _addressed(message.text, username, _never)
    if text is None:
        return None
    chat = message.chat
    return Heard(text, chat.id, "channel", _title(chat), str(chat.id), message.message_id, None, True, anonymous=True)


def _message(message: Message, username: str) -> Heard | None:
    chat, sender = message.chat, message.from_user
    if message.via_bot or message.is_automatic_forward or chat.type not in PLACES or not message.text:
        return None
    if chat.type == Chat.PRIVATE:
        return _private(message, username) if sender and not sender.is_bot else None
    text = _addressed(message.text, username, _is_ours)
    if text is None or text.casefold().startswith("/start "):  # how Telegram tells of an invitation: nothing to answer
        return None
    speaker, anonymous, is_admin = message.sender_chat, False, None
    if speaker is not None:  # an admin in the group's name, or a member in a channel's
        anonymous = speaker.id == chat.id
        is_admin = anonymous
    elif sender is None or sender.is_bot:
        return None
    user = str(speaker.id if speaker else sender.id if sender else "")
    return Heard(
        text, chat.id, "group", _title(chat), user, message.message_id, _thread(message), is_admin, anonymous
    )  # fmt: skip


def _private(message: Message, username: str) -> Heard | None:
    text = _addressed(message.text, username) if (message.text or "").startswith("/") else message.text
    if text is None:
        return None
    name, _, payload = text.partition(" ")
    if name.casefold() == "/start" and (asked := asked_by(payload.strip())):
        text = asked
    chat = message.chat
    return Heard(text, chat.id, "private", _title(chat), str(chat.id), message.message_id, None, is_admin=True)


def _always(name: str) -> bool:
    return True


def _never(name: str) -> bool:
    return False


def _is_ours(name: str) -> bool:
    """Whether a command that names no bot is one of ours, or a typo of one: other bots hear it too."""
    return name in COMMANDS or bool(nearest(name, COMMANDS, most=1))


def _addressed(text: str | None, username: str, unnamed: Callable[[str], bool] = _always) -> str | None:
    """A command for this bot, without its name: `/index@CrierBot defi` is `/index defi`; None for anything else.

    Of one that names no bot `unnamed` says whether it is ours.
    """
    if not text or not text.startswith("/"):
        return None
    first, *rest = text.split(maxsplit=1)
    name, at, whom = first.partition("@")
    ours = whom.casefold() == username.casefold() if at else unnamed(name[1:].casefold())
    return " ".join([name, *rest]) if ours else None


def _title(chat: Chat) -> str:
    """A group's or channel's name; a person's is nobody's business."""
    return (chat.title or "")[:LONGEST_TITLE]


def _thread(message: Message) -> int | None:
    """The forum topic; an answer in an ordinary group has a thread too, which is none to write in."""
    return message.message_thread_id if message.is_topic_message else None

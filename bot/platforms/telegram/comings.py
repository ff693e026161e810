"""The bot's comings and goings: added to a chat, thrown out, blocked, and groups that become supergroups."""

from __future__ import annotations

from telegram import ChatMember, ChatMemberUpdated, Message, Update

from bot.platforms.front import Front
from bot.platforms.telegram.heard import LONGEST_TITLE, PLACES
from bot.platforms.telegram.inbox import ID, Inbox

IN = (ChatMember.MEMBER, ChatMember.ADMINISTRATOR, ChatMember.OWNER)
OUT = (ChatMember.LEFT, ChatMember.BANNED)


async def take(update: Update, front: Front, inbox: Inbox) -> bool:
    """Tell the bot of a coming or going; False where the update is none."""
    if update.my_chat_member is not None:
        await _membership(update.my_chat_member, front, inbox)
        return True
    return update.message is not None and await _migration(update.message, front)


async def _membership(change: ChatMemberUpdated, front: Front, inbox: Inbox) -> None:
    """Being added opens that person's settings in private; nothing is said in the chat itself."""
    chat, old, new = change.chat, change.old_chat_member.status, change.new_chat_member.status
    if chat.type not in PLACES:
        return
    if new in OUT:
        why = "the bot was blocked" if chat.type == "private" else "the bot was removed"
        await front.removed(ID, str(chat.id), why)
    elif new in IN and old not in IN and chat.type != "private":
        title = (chat.title or "")[:LONGEST_TITLE]
        reply = await front.admitted(ID, str(chat.id), PLACES[chat.type], title, str(change.from_user.id))
        if reply is not None:
            await inbox.tell(reply, str(change.from_user.id))


async def _migration(message: Message, front: Front) -> bool:
    """Both chats say so, in any order."""
    if message.migrate_to_chat_id:
        await front.moved(ID, str(message.chat.id), str(message.migrate_to_chat_id))
        return True
    if message.migrate_from_chat_id:
        await front.moved(ID, str(message.migrate_from_chat_id), str(message.chat.id))
        return True
    return False

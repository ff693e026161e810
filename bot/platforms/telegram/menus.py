"""The menus behind the slash, one a scope, made from the table of commands."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from telegram import (
    Bot,
    BotCommand,
    BotCommandScope,
    BotCommandScopeAllChatAdministrators,
    BotCommandScopeAllGroupChats,
    BotCommandScopeAllPrivateChats,
    BotCommandScopeDefault,
)

from bot.command import Command, Who
from bot.commands import COMMANDS

FIRST = ("index", "token", "why", "track", "risk", "watch", "settings", "help")  # in this order, then the others
SCOPES: Sequence[tuple[BotCommandScope, Who]] = (
    (BotCommandScopeDefault(), Who.MEMBER),
    (BotCommandScopeAllPrivateChats(), Who.MEMBER),
    (BotCommandScopeAllGroupChats(), Who.MEMBER),
    (BotCommandScopeAllChatAdministrators(), Who.CHAT_ADMIN),
)


def menu(who: Who, commands: Mapping[str, Command] = COMMANDS) -> list[BotCommand]:
    """What one in this position finds behind the slash. Bot admins get no more: who they are is nobody's business."""
    shown = [command for command in commands.values() if command.menu and command.who <= who]
    place = {name: position for position, name in enumerate(FIRST)}
    shown.sort(key=lambda command: (place.get(command.name, len(place)), command.name))
    return [BotCommand(command.name, command.help[:256]) for command in shown]


async def put_menus(bot: Bot) -> None:
    """Set every scope's menu; raises what the client raises."""
    for scope, who in SCOPES:
        await bot.set_my_commands(menu(who), scope=scope)

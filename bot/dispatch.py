"""Takes one message to its command and always comes back with a Reply: the border where errors become sentences."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import replace

from bot.arguments import Misunderstood, nearest, offers, understand
from bot.book import Book
from bot.command import ADMINS, Arguments, Command, Param, Request, Who
from bot.commands import COMMANDS
from bot.desk import Desk
from bot.elsewhere import brought_back, named, taken_there
from bot.newcomers import UNTAUGHT, with_plain_words
from bot.phrases import clean, clipped, listed
from bot.reply import Reply
from bot.zones import zone
from engine.errors import CrierError

__all__ = ["Arguments", "Command", "Param", "Request", "Who", "dispatch"]

LONGEST_MESSAGE = 400  # no command needs more; the rest of a longer message is not read

MEANT = {"stop": ("unsubscribe", "all")}  # what people write by habit, and what it means here

log = logging.getLogger(__name__)


def dispatch(desk: Desk, request: Request, commands: Mapping[str, Command] = COMMANDS) -> Reply:
    """Answer one message; never raises for what a person wrote or for what the shelves hold."""
    there, name = named(request.text[:LONGEST_MESSAGE]), ""
    try:
        _hear_again(request, desk)
        request = taken_there(request, desk)
        name, given = _split(request.text)
        return brought_back(_answer(desk, request, name, given, commands), there)
    except Misunderstood as error:
        return brought_back(Reply(text=(str(error),), buttons=error.buttons, ok=False), there)
    except CrierError as error:
        return _sorry(str(error))
    except Exception:
        # The person's words stay out of the log: it is kept longer than a chat is.
        log.exception("command %s failed on %s", name if name in commands else "(unknown)", request.platform)
        return _sorry("Something went wrong here, and it has been written down. Please try again later.")


def _hear_again(request: Request, desk: Desk) -> None:
    """A person who writes in private can be written to again, whatever they had blocked before."""
    chat = desk.chat(request.person)
    if chat.silenced and request.place == "private" and not request.typing:
        desk.choose(replace(chat, silenced="", silenced_at=None))


def _answer(desk: Desk, request: Request, name: str, given: list[str], commands: Mapping[str, Command]) -> Reply:
    """Run the command as the chat chose: in its mode, in its time zone, with words explained where it asks for that."""
    request = replace(request, mode=request.mode or desk.followed(request.person))
    desk = desk.told_in(zone(desk.chat(request.person).time_zone))
    if name not in commands and _is_bare_ticker(desk, request, name, given):
        name, given = "token", [name]
    command = commands.get(name)
    if command is None:
        return _unknown(desk, name, commands)
    if request.who < command.who:
        return _sorry(f"/{name} is for {ADMINS[command.who]} only.")
    reply = command.run(request, desk, understand(command, desk, request, given))
    return with_plain_words(reply) if desk.chat(request.person).plain and name not in UNTAUGHT else reply


def _is_bare_ticker(book: Book, request: Request, name: str, given: list[str]) -> bool:
    """Whether a message in private is nothing but a token's name: `aave` is answered as `/token aave`."""
    if not request.is_personal or given or request.text.lstrip().startswith("/"):
        return False
    return bool(name) and name not in {info.id for info in book.indices()} and bool(book.find_tokens(name))


def _split(text: str) -> tuple[str, list[str]]:
    """Command name and words of a message: `/index@SomeBot defi`, `index defi`, `$AAVE`."""
    spoken = [word for word in map(clean, text[:LONGEST_MESSAGE].split()) if word]
    if not spoken:
        return "help", []
    first, given = spoken[0], spoken[1:]
    if first.startswith("$") and len(first) > 1:
        return "token", spoken
    name = first.lstrip("/").split("@", 1)[0].casefold()
    name, *implied = MEANT.get(name, (name,))
    return name, [*implied, *given]


def _sorry(sentence: str) -> Reply:
    return Reply(text=(sentence,), ok=False)


def _unknown(book: Book, name: str, commands: Mapping[str, Command]) -> Reply:
    """No such command: the nearest one, or the index or token whose name stands in a command's place."""
    near = [f"/{other}" for other in nearest(name, commands)]
    if name in {info.id for info in book.indices()}:
        near = [f"/index {name}"]
    elif not near and name and (found := book.find_tokens(name)):
        near = [f"/token {token.symbol}" for token in found[:1]]
    hint = f"Did you mean {listed(near, 'or')}?" if near else "See /help."
    said = f"There is no command called “/{clipped(name)}”." if name else "A command has a name, like /help."
    return Reply(text=(f"{said} {hint}",), buttons=tuple(offers((n, n) for n in near or ["/help"])), ok=False)

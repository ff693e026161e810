"""/help: the menu, the other commands under `more`, or one command with its parameters and an example."""

from __future__ import annotations

from bot.arguments import Misunderstood, choices, nearest, offers
from bot.book import Book
from bot.command import ADMINS, Arguments, Command, Param, Request
from bot.phrases import clipped, listed
from bot.reply import Button, Column, Reply, Table

MORE = "more"


def run(request: Request, book: Book, arguments: Arguments) -> Reply:
    from bot.commands import COMMANDS  # the table is complete only once every command is imported

    allowed = {name: command for name, command in COMMANDS.items() if command.who <= request.who}
    wanted = arguments.text.lstrip("/").casefold()
    if wanted in ("", MORE):
        return _all([command for command in allowed.values() if command.menu == (wanted == "")], bool(wanted))
    if wanted in allowed:
        return _one(allowed[wanted], book)
    if wanted in COMMANDS:
        raise Misunderstood(f"/{wanted} is for {ADMINS[COMMANDS[wanted].who]} only.")
    near = nearest(wanted, allowed)
    hint = f"Did you mean {listed(near, 'or')}?" if near else "/help lists them all."
    raise Misunderstood(
        f"There is no command called “{clipped(wanted)}”. {hint}", offers((name, f"/help {name}") for name in near)
    )


def _all(commands: list[Command], more: bool) -> Reply:
    """The menu of eight, or all the others, what they say of the market first."""
    commands = sorted(commands, key=lambda command: command.about == "chat")
    return Reply(
        title="More that you can ask" if more else "What you can ask",
        table=Table((Column("Command"), Column("Answer")), tuple((c.usage, c.help) for c in commands)),
        after=("Any word you do not know: /explain WORD.",),
        note=("Simulated indices, not advice.",),
        buttons=(Button("The menu", "/help"),) if more else (Button("More", f"/help {MORE}"),),
    )


def _one(command: Command, book: Book) -> Reply:
    rows = tuple((p.name if p.required else f"[{p.name}]", p.help) for p in command.params)
    return Reply(
        title=command.usage,
        text=(f"{command.help}.",),
        table=Table((Column("After it"), Column("What")), rows) if rows else None,
        after=(*_closed(command, book), f"Example: {command.example}"),
        buttons=(Button(command.example, command.example),),
    )


def _closed(command: Command, book: Book) -> tuple[str, ...]:
    """What a parameter with a closed list takes: `mode: conservative, balanced or aggressive`."""
    lists = {param.name: [value for _, value in choices(param, book)] for param in command.params}
    return tuple(f"{name}: {listed(values, 'or')}" for name, values in lists.items() if values)


COMMAND = Command(
    name="help",
    help="What you can ask",
    run=run,
    example="/help index",
    params=(Param("command", "the name of a command, or more", "command"),),
    about="chat",
)

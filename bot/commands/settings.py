"""/settings: what this chat is told, when and how; every button changes one thing and edits the same message."""

from __future__ import annotations

from dataclasses import replace

from bot import texts
from bot.arguments import KINDS, offers
from bot.choices import KINDS_OF_MESSAGES, SETTINGS, Asked
from bot.choosing import chat_here, choosing
from bot.command import Arguments, Command, Param, Request
from bot.commands.mode import run as run_mode
from bot.desk import Desk
from bot.reply import Button, Column, Reply, Table
from storage.chats import Chat

LISTED = (  # what the panel shows, in its order
    "indices", "kinds", "mode", "quiet", "urgent", "zone", "strength", "sound", "length", "plain", "pulse", "mute",
)  # fmt: skip
BACK = Button("All settings", "/settings")


def run(request: Request, desk: Desk, arguments: Arguments) -> Reply:
    name, value = arguments.choice, arguments.text
    if not name and value:
        KINDS["setting"].understand(desk, arguments, "settings", value.split()[0])
    changes = bool(value) or (name in SETTINGS and SETTINGS[name].done_by_name)
    if not request.may_choose and not changes:
        return _for_members(panel(Asked(request, desk, desk.chat(request.person))))
    if not name:
        return panel(Asked(request, desk, desk.chat(request.person)))
    if name == "mode" and value:
        shown = run_mode(request, desk, KINDS["mode"].understand(desk, arguments, "settings", value))
        return replace(shown, buttons=(*shown.buttons, BACK), panel=True)
    if not changes:
        return choose_one(Asked(request, desk, desk.chat(request.person)), name)
    return choosing(request, desk, lambda: _change(request, desk, name, value))


def _for_members(shown: Reply) -> Reply:
    """What is chosen, to be read only: in private, buttons would change what that person is told instead."""
    return replace(shown, after=(texts.ADMINS_CHOOSE,), buttons=(), panel=False, private=True)


def panel(asked: Asked, said: str = "") -> Reply:
    """All settings with a button each, under what was just changed."""
    return Reply(
        title=f"Settings of {asked.chat.title or 'this chat'}",
        text=(said,) if said else (),
        table=_table(asked, LISTED),
        after=(texts.ABOUT_PANEL,),
        buttons=tuple(offers((_label(asked, name), _command(asked, name)) for name in (*LISTED, "fewer"))),
        panel=True,
    )


def choose_one(asked: Asked, name: str, said: str = "") -> Reply:
    """One setting with what it may be, or the kinds of messages with a switch each."""
    if name == "kinds":
        pairs = [(_label(asked, kind), _command(asked, kind)) for kind in KINDS_OF_MESSAGES]
        table = _table(asked, KINDS_OF_MESSAGES)
    else:
        pairs = [(label, f"/settings {name} {value}") for label, value in SETTINGS[name].offers(asked)]
        table = _table(asked, (name,))
    return Reply(
        title=texts.SETTINGS[name],
        text=(*((said,) if said else ()), texts.ABOUT_SETTING[name]),
        table=table,
        buttons=(*offers(pairs), BACK),
        panel=True,
    )


def _change(request: Request, desk: Desk, name: str, value: str) -> Reply:
    setting, asked = SETTINGS[name], Asked(request, desk, desk.chat(request.person))
    changed = setting.change(asked, value)
    if changed != asked.chat:
        desk.choose(_here(request, desk, changed, name))
    now = Asked(request, desk, changed)
    shown = "mute" if name == "unmute" else name
    said = f"{texts.SETTINGS[shown]}: {setting.said(changed, desk)}."
    return choose_one(now, setting.panel, said) if setting.panel else panel(now, said)


def _here(request: Request, desk: Desk, changed: Chat, name: str) -> Chat:
    """The changed chat as it is called and stands today; a topic that was just chosen stays as it was chosen."""
    here = chat_here(request, desk)
    thread = changed.thread if name == "topic" else changed.thread or here.thread
    return replace(changed, place=here.place, title=here.title, thread=thread, silenced="", silenced_at=None)


def _table(asked: Asked, names: tuple[str, ...]) -> Table:
    rows = tuple((texts.SETTINGS[name], SETTINGS[name].said(asked.chat, asked.book)) for name in names)
    return Table((Column("What"), Column("State")), rows)


def _label(asked: Asked, name: str) -> str:
    """`Sound: loud` for what one press turns, the name alone where it opens more."""
    if name == "mute":
        return texts.MUTE_BUTTON if SETTINGS[name].said(asked.chat, asked.book) == "off" else texts.SETTINGS["unmute"]
    title = texts.SETTINGS[name]
    return f"{title}: {SETTINGS[name].said(asked.chat, asked.book)}" if _turns(asked, name) else title


def _command(asked: Asked, name: str) -> str:
    if name == "mute" and SETTINGS[name].said(asked.chat, asked.book) != "off":
        return "/settings unmute"
    return f"/settings {name} {_turns(asked, name)}".strip()


def _turns(asked: Asked, name: str) -> str:
    """The one other value that a switch has, "" where there are more."""
    others = SETTINGS[name].offers(asked)
    return others[0][1] if len(others) == 1 and name != "role" else ""


COMMAND = Command(
    name="settings",
    help="What this chat is told, when and how",
    run=run,
    example="/settings quiet 22:00-07:00 Europe/Berlin",
    params=(Param("setting", "what to change", "setting"), Param("value", "what it shall be", "text")),
    about="chat",
    weighs_rights=True,
)

"""What stands under a message: buttons, menus and forms, each carrying its command, so that they outlive a restart."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import discord
from discord import ui

from bot.phrases import clean, clipped
from bot.platforms.discord.markup import cut
from bot.reply import Button, Reply

MOST_ROWS, MOST_IN_ROW, MOST_OPTIONS = 5, 5, 25
MOST_CUSTOM, MOST_VALUE = 100, 100
LONGEST_LABEL = 80
FOLD_PANEL, FOLD = 3, 12  # so many buttons that differ in their last word alone become a menu
LONGEST_ANSWER = 100
OTHER = "Other…"
# Settings that take more than their buttons offer: what a form for them shows as an example.
FORMS: Mapping[str, str] = {
    "/settings quiet": "22:00-07:00 Europe/Berlin",
    "/settings zone": "Europe/Berlin or UTC+2",
    "/settings strength": "a whole number from 0 to 100",
    "/settings mute": "a number of days",
}
ROLE = "/settings role"  # Discord has a menu of its own for it

Kind = Literal["button", "link", "menu", "form", "roles"]
Own = Callable[[str], str | None]


@dataclass(frozen=True, slots=True)
class Part:
    """One thing to press or choose from; `name` is its custom id or address, `options` are (label, command)."""

    kind: Kind
    label: str
    name: str
    options: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Pressed:
    """What a component asks: a command, or a form whose answer completes one."""

    command: str
    is_form: bool = False


def plan(reply: Reply, own: Own) -> list[list[Part]]:
    """The rows under a reply; what Discord has no room for is left out. `own` says where an address may lead."""
    parts = list(_parts(reply, own))
    rows: list[list[Part]] = []
    for part in parts:
        alone = part.kind in ("menu", "roles")
        if alone or not rows or len(rows[-1]) >= MOST_IN_ROW or rows[-1][0].kind in ("menu", "roles"):
            rows.append([])
        rows[-1].append(part)
    return rows[:MOST_ROWS]


def view(rows: Sequence[Sequence[Part]]) -> ui.View | None:
    """The rows as the client sends them; needs a running loop. None where there are none."""
    if not rows:
        return None
    made = ui.View(timeout=None)
    for number, row in enumerate(rows):
        for part in row:
            made.add_item(_item(part, number))
    made.stop()  # the client keeps no record of it: what is pressed is read from the press itself
    return made


def pressed(interaction: discord.Interaction) -> Pressed | None:
    """What a press or choice asks; None where the message under it has no such thing."""
    data, message = _data(interaction), interaction.message
    name, values = str(data.get("custom_id", "")), list(data.get("values") or ())
    known = _known(message) if message is not None else {}
    if name not in known:
        return None
    kind, _, command = name.partition("|")
    if kind == "form":
        return Pressed(command, is_form=True)
    if kind == "roles":
        return Pressed(f"{command} {values[0] if values and str(values[0]).isdigit() else 'none'}")
    if known[name]:
        return Pressed(str(values[0])) if values and values[0] in known[name] else None
    return Pressed(command)


def form(stem: str) -> ui.Modal:
    """A form of one line that completes a command."""
    made = ui.Modal(title="Settings", timeout=None, custom_id=f"form|{stem}")
    asked = clipped(stem.split()[-1].capitalize(), 40)
    made.add_item(
        ui.TextInput(label=asked, custom_id="value", placeholder=FORMS.get(stem, ""), max_length=LONGEST_ANSWER)
    )
    made.stop()
    return made


def filled_in(interaction: discord.Interaction) -> str | None:
    """The command of a form that was filled in; None where no button of its message opens that form."""
    data, message = _data(interaction), interaction.message
    name = str(data.get("custom_id", ""))
    if message is None or name not in _known(message):
        return None
    values = [_value(part) for row in data.get("components") or () for part in _inside(row)]
    return f"{name.partition('|')[2]} {clipped(' '.join(' '.join(values).split()), LONGEST_ANSWER)}".strip()


def _data(interaction: discord.Interaction) -> Mapping[str, Any]:
    return dict(interaction.data or {})


def _inside(row: Mapping[str, object]) -> Iterable[object]:
    found = row.get("components") or [row.get("component")]
    return found if isinstance(found, list) else ()


def _value(part: object) -> str:
    return str(part.get("value", "")) if isinstance(part, dict) else ""


def _known(message: discord.Message) -> dict[str, set[str]]:
    """The custom ids under a message, each with the values of its menu."""
    found: dict[str, set[str]] = {}
    for row in message.components:
        for child in getattr(row, "children", ()):
            if child.custom_id:
                found[child.custom_id] = {option.value for option in getattr(child, "options", ())}
    return found


def _parts(reply: Reply, own: Own) -> Iterable[Part]:
    groups: dict[str, list[Button]] = {}
    for button in reply.buttons:
        groups.setdefault(_stem(button.command), []).append(button)
    seen = set()
    for number, button in enumerate(reply.buttons):
        stem = _stem(button.command)
        group = groups[stem]
        opens = reply.panel and (stem in FORMS or stem == ROLE)
        least = FOLD_PANEL if reply.panel and " " in stem else FOLD  # what one setting may be, or a long list
        folds = bool(stem) and len(group) >= least and all(_choosable(b) for b in group)
        if stem not in seen and (folds or opens):
            yield from _menus(stem, group, number) if folds else ()
        if not folds:
            yield from _single(button, number, own)
        if opens and button is group[-1]:
            yield Part("roles", "Role", f"roles|{stem}") if stem == ROLE else Part("form", OTHER, f"form|{stem}")
        seen.add(stem)


def _stem(command: str) -> str:
    """All but the last word of a command that has at least two; "" for none."""
    return command.rpartition(" ")[0]


def _menus(stem: str, group: Sequence[Button], number: int) -> Iterable[Part]:
    options = list({b.command: (_label(b), b.command) for b in group}.values())
    for first in range(0, len(options), MOST_OPTIONS):
        chosen = tuple(options[first : first + MOST_OPTIONS])
        yield Part("menu", clipped(f"Choose ({len(chosen)})", 100), f"menu{number}.{first}", chosen)


def _single(button: Button, number: int, own: Own) -> Iterable[Part]:
    if button.url:
        url = own(button.url)
        if url:
            yield Part("link", _label(button), url)
    elif len(f"b{number}|{button.command}".encode()) <= MOST_CUSTOM:
        yield Part("button", _label(button), f"b{number}|{button.command}")


def _choosable(button: Button) -> bool:
    return bool(button.command) and len(button.command.encode()) <= MOST_VALUE


def _label(button: Button) -> str:
    return cut(clipped(clean(button.label).strip(), LONGEST_LABEL), LONGEST_LABEL) or "…"


def _item(part: Part, row: int) -> ui.Item[ui.View]:
    if part.kind == "link":
        return ui.Button(label=part.label, url=part.name, row=row)
    if part.kind == "roles":
        return ui.RoleSelect(custom_id=part.name, placeholder=part.label, row=row)
    if part.kind == "menu":
        options = [discord.SelectOption(label=label, value=command) for label, command in part.options]
        return ui.Select(custom_id=part.name, placeholder=part.label, options=options, row=row)
    return ui.Button(label=part.label, custom_id=part.name, style=discord.ButtonStyle.secondary, row=row)

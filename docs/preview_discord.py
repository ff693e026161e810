"""Makes preview_discord.html and its pictures: what members see in Discord, from the code that renders it there.

    python docs/preview_discord.py --database crier.db [--index defi] [--token aave] [--png]

It shows the screens of `preview.py`, and a panel of settings; any database with a few decided weeks will do.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from html import escape

from preview import Look, Scene, run, scenes

from bot.command import Request
from bot.desk import Desk
from bot.dispatch import dispatch
from bot.platforms.discord.components import Part, plan
from bot.platforms.discord.links import Links
from bot.platforms.discord.render import pages
from bot.reply import Reply
from storage.database import Database

SHOWN = ("index", "token", "track", "announcement", "risk-off")
PHOTOGRAPHED = ("index", "token", "risk-off", "settings", "quiet")
LINKS = Links(1)

STYLE = """
* { box-sizing: border-box; }
body { margin: 0; background: #313338; color: #dbdee1; font: 15px/1.4 "gg sans", "Noto Sans", "DejaVu Sans",
  sans-serif; }
main { width: 390px; margin: 0 auto; padding: 10px 8px 14px; }
h2 { font-size: 13px; font-weight: 500; color: #949ba4; text-align: center; margin: 22px 0 8px; }
.asked { color: #949ba4; font-size: 13px; margin: 0 0 6px; }
.asked b { color: #c9cdfb; font-weight: 500; }
.embed { background: #2b2d31; border-left: 4px solid; border-radius: 4px; padding: 8px 12px 12px; width: 370px; }
.title { font-weight: 600; color: #f2f3f5; margin-bottom: 6px; }
.words { white-space: pre-wrap; overflow-wrap: anywhere; font-size: 14px; }
.words pre { font: 12.4px/1.35 "DejaVu Sans Mono", Consolas, monospace; background: #1e1f22; border: 1px solid #1a1b1e;
  border-radius: 4px; padding: 6px 8px; margin: 4px 0; white-space: pre; overflow: hidden; }
.foot { color: #b5bac1; font-size: 12px; margin-top: 8px; white-space: pre-wrap; }
img { display: block; width: 100%; border-radius: 4px; margin-top: 8px; }
.row { display: flex; flex-wrap: wrap; gap: 6px; margin-top: 6px; width: 370px; }
.row span { background: #4e5058; border-radius: 4px; padding: 6px 12px; font-size: 14px; font-weight: 500; }
.row .menu { flex: 1; background: #1e1f22; color: #949ba4; font-weight: 400; border: 1px solid #1a1b1e; }
.message { margin-bottom: 8px; }
"""


def screens(database: Database, desk: Desk, index: str, token: str) -> Iterator[Scene]:
    """Every screen: those that both platforms show, and a panel of settings with its menu."""
    for scene in scenes(database, desk, index, token):
        if scene.name in SHOWN:  # alerts that were stored before they had a colour have one here
            yield replace(scene, reply=replace(scene.reply, tone="strong")) if scene.name == "risk-off" else scene
    for name, asked in (("settings", "/settings"), ("quiet", "/settings quiet")):
        yield Scene(name, asked, asked, dispatch(desk, Request(asked, "discord", "1", "1", is_chat_admin=True)))


def messages(scene: Scene, pictures: str) -> str:
    """What was asked, and the answer's embeds with what stands under the last."""
    asked = f"<div class=asked>Ann used <b>{escape(scene.asked)}</b></div>\n" if scene.asked else ""
    return asked + "\n".join(
        f"<div class=message>{embed}</div>" for embed in _embeds(scene.name, scene.reply, pictures)
    )


def _embeds(name: str, reply: Reply, pictures: str) -> Iterator[str]:
    made = pages(reply)
    for shown in made:
        is_last = shown is made[-1]
        parts = [
            f"<div class=title>{escape(shown.title)}</div>" if shown.title else "",
            f"<div class=words>{as_html(shown.words)}</div>" if shown.words else "",
            f'<img alt="" src="{pictures}discord-{name}-chart.png">' if is_last and reply.chart else "",
            f"<div class=foot>{escape(shown.footer)}</div>" if shown.footer else "",
        ]
        rows = "".join(f"<div class=row>{''.join(map(_part, row))}</div>" for row in plan(reply, LINKS.own))
        embed = f'<div class=embed style="border-color:#{shown.colour:06x}">{"".join(parts)}</div>'
        yield embed + (rows if is_last else "")


def _part(part: Part) -> str:
    chosen = part.kind in ("menu", "roles")
    return f"<span{' class=menu' if chosen else ''}>{escape(part.label)}{' ▾' if chosen else ''}</span>"


def as_html(markdown: str) -> str:
    """The markdown that this package writes, as a browser shows it."""
    made = []
    for number, part in enumerate(markdown.split("```")):
        if number % 2:
            made.append(f"<pre>{escape(part.strip(chr(10)))}</pre>")
        else:
            bold = re.sub(r"(?<!\\)\*\*(.+?)(?<!\\)\*\*", r"<b>\1</b>", escape(part.strip("\n"), quote=False))
            made.append(re.sub(r"\\([^0-9A-Za-z\s])", r"\1", bold))
    return "".join(made)


LOOK = Look("preview_discord.html", "Crier in Discord", "discord-", STYLE, screens, messages, PHOTOGRAPHED)

if __name__ == "__main__":
    run(LOOK, __doc__)

"""Makes preview.html and its pictures: what members see in Telegram, rendered by the code that renders it there.

    python docs/preview.py --database crier.db [--index defi] [--token aave] [--png]

Any database with a few decided weeks will do: that of `crier demo`, or an imported archive after some `crier week
--as-of`. With `--png` each screen is also photographed by Chromium (`apt-get install chromium`), as a phone shows it.
"""

from __future__ import annotations

import argparse
import datetime as dt
import io
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from html import escape
from pathlib import Path

from PIL import Image, ImageChops

from bot.announce import announce
from bot.brief import brief
from bot.charts import render as draw
from bot.command import Request
from bot.desk import Desk
from bot.digest import Issue, Item, weekly
from bot.dispatch import dispatch
from bot.drawings import levels_chart
from bot.monthly import look_back, month_before
from bot.office import DatabaseDesk
from bot.phrases import short_head
from bot.platforms.telegram import render
from bot.platforms.telegram.keyboard import keyboard
from bot.platforms.telegram.links import Links
from bot.reply import Reply
from engine.modes import DEFAULT_MODE
from storage.chats import Chat
from storage.database import Database, open_database

HERE = Path(__file__).resolve().parent
FOLDER = "preview"
WIDTH, SCALE, TALLEST = 390, 2, 2600
COLOURS = 96
LINKS = Links("CrierBot")

STYLE = """
* { box-sizing: border-box; }
body { margin: 0; background: #0e1621; color: #f1f4f8; font: 15px/1.38 -apple-system, "Segoe UI", Roboto, "DejaVu Sans",
  sans-serif; }
main { width: 390px; margin: 0 auto; padding: 10px 8px 14px; }
h2 { font-size: 13px; font-weight: 500; color: #8696a8; text-align: center; margin: 22px 0 8px; }
.asked { background: #2b5278; border-radius: 14px 14px 4px 14px; padding: 7px 11px; margin: 4px 0 8px auto;
  width: fit-content; }
.bubble { background: #182533; border-radius: 14px; overflow: hidden; width: 362px; }
.words { padding: 8px 12px 9px; white-space: pre-wrap; overflow-wrap: anywhere; }
.words pre { font: 12.6px/1.42 "DejaVu Sans Mono", Menlo, Consolas, monospace; margin: 2px 0; white-space: pre;
  background: #111c28; border-radius: 6px; padding: 6px 8px; overflow: hidden; }
.words i { color: #a9b7c6; }
img { display: block; width: 100%; }
.keys { width: 362px; margin-top: 4px; display: flex; gap: 4px; }
.keys span { flex: 1; background: #22384f; border-radius: 9px; text-align: center; padding: 8px 2px; font-size: 14px;
  white-space: nowrap; overflow: hidden; text-overflow: ellipsis; }
.message { margin-bottom: 8px; }
"""


@dataclass(frozen=True, slots=True)
class Scene:
    """One screen: what was asked, if anything was, and the answer."""

    name: str
    title: str
    asked: str
    reply: Reply


def scenes(database: Database, desk: Desk, index: str, token: str) -> Iterator[Scene]:
    """Every screen that this database can show."""
    for name, asked in (
        ("index", f"/index {index}"),
        ("token", f"/token {token}"),
        ("why", f"/why {index}"),
        ("track", "/track"),
        ("start", "/start"),
        ("settings", "/settings"),
        ("history", f"/history {index}"),
    ):
        yield Scene(name, asked, asked, dispatch(desk, Request(asked, "telegram", "1", "1")))
    info = next(info for info in desk.indices() if info.id == index)
    week = replace(announce(desk, index, DEFAULT_MODE), chart=levels_chart(desk, info, DEFAULT_MODE))
    yield Scene("announcement", "the weekly announcement", "", week)
    alert = _alert(database, desk, index)
    if alert is not None:
        yield Scene("risk-off", "between two Mondays", "", alert)
    yield from _monthly(desk, index)


def _alert(database: Database, desk: DatabaseDesk | Desk, index: str) -> Reply | None:
    """The newest change between weeks, as it was cried."""
    for stored in desk.history(index, DEFAULT_MODE, 1000):
        d = stored.decision
        if d.sequence:
            for ledger in ("live", "replay"):
                cried = database.decisions.announcement(ledger, index, d.mode, d.week, d.sequence)  # type: ignore[arg-type]
                if cried:
                    return Reply.from_json(cried.reply)
    return None


def _monthly(desk: Desk, index: str) -> Iterator[Scene]:
    """Three indices in one message, on a month's first Monday."""
    wanted = (index, *[info.id for info in desk.indices() if info.id != index][:2])
    month = month_before(desk.now().date())
    items = tuple(
        Item(
            info.id, DEFAULT_MODE, announce(desk, info.id, DEFAULT_MODE), brief(desk, info.id, DEFAULT_MODE),
            month=look_back(desk, info, DEFAULT_MODE, month),
        )
        for info in desk.indices() if info.id in wanted
    )  # fmt: skip
    issue = Issue(f"week {desk.now().isocalendar().week}", short_head(desk.status().head or ""), items)
    said = weekly(Chat("telegram", "1", indices=wanted), DEFAULT_MODE, issue)
    if said is not None:
        yield Scene("monthly", "several indices, on a month's first Monday", "", said)


def bubbles(scene: Scene, pictures: str) -> str:
    """What was asked, and the answer's messages as Telegram lays them out."""
    reply = scene.reply
    chart = f'<img alt="{escape(reply.chart.title)}" src="{pictures}{scene.name}-chart.png">' if reply.chart else ""
    caption = render.caption(reply) if reply.chart else None
    parts = [caption] if caption else render.messages(reply)
    # A browser gives a block of equal letters lines of its own; Telegram does not.
    parts = [part.replace("\n\n<pre>", "\n<pre>").replace("</pre>\n\n", "</pre>") for part in parts]
    messages = [f"<div class=words>{part}</div>" for part in parts]
    if chart and caption:
        messages = [chart + messages[0]]
    elif chart:
        messages.append(chart + f"<div class=words>{render.short_caption(reply)}</div>")
    rows = keyboard(reply.buttons, LINKS)
    keys = "".join(
        f"<div class=keys>{''.join(f'<span>{escape(button.text)}</span>' for button in row)}</div>"
        for row in (rows.inline_keyboard if rows else ())
    )
    position = 0 if caption else len(parts) - 1
    told = [
        f"<div class=message><div class=bubble>{message}</div>{keys if i == position else ''}</div>"
        for i, message in enumerate(messages)
    ]
    asked = f"<div class=asked>{escape(scene.asked)}</div>\n" if scene.asked else ""
    return asked + "\n".join(told)


def small(png: bytes) -> bytes:
    """The same picture with a palette of few colours."""
    out = io.BytesIO()
    Image.open(io.BytesIO(png)).convert("RGB").quantize(COLOURS).save(out, "PNG", optimize=True)
    return out.getvalue()


def browser() -> str:
    """The Chromium of this machine; SystemExit where there is none."""
    found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if found is None:
        raise SystemExit("no browser is installed: apt-get install chromium, or leave --png out")
    return found


def photograph(address: str, *flags: str, tallest: int = TALLEST) -> bytes:
    """A page as a phone shows it, cut where it ends."""
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "screen.png"
        subprocess.run(
            [browser(), "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", f"--screenshot={target}",
             f"--force-device-scale-factor={SCALE}", f"--window-size={WIDTH},{tallest}", *flags, address],
            check=True, capture_output=True, timeout=120,
        )  # fmt: skip
        whole = Image.open(target).convert("RGB")
    paper = Image.new("RGB", whole.size, whole.getpixel((0, whole.height - 1)))
    end = ImageChops.difference(whole, paper).getbbox()
    out = io.BytesIO()
    whole.crop((0, 0, whole.width, min(whole.height, (end[3] if end else whole.height) + 16))).save(out, "PNG")
    return small(out.getvalue())


@dataclass(frozen=True, slots=True)
class Look:
    """How one platform's screens are shown: its page, the beginning of its pictures' names, its style, which screens
    there are, how one is laid out, and which are photographed (empty: all)."""

    file: str
    title: str
    prefix: str
    style: str
    scenes: Callable[[Database, Desk, str, str], Iterator[Scene]]
    laid_out: Callable[[Scene, str], str]
    photographed: tuple[str, ...] = ()

    def page(self, shown: list[Scene], pictures: str) -> str:
        """All screens below each other; `pictures` is the folder of their charts. One alone has no heading."""
        body = "\n".join(f"{self._heading(scene, shown)}{self.laid_out(scene, pictures)}" for scene in shown)
        meta = '<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">'
        head = f"<head>{meta}<title>{self.title}</title><style>{self.style}</style></head>"
        return f"<!doctype html><html lang=en>{head}\n<body><main>\n{body}\n</main></body></html>\n"

    def _heading(self, scene: Scene, shown: list[Scene]) -> str:
        return f"<h2>{escape(scene.title)}</h2>\n" if len(shown) > 1 else ""

    def make(self, database: Database, index: str, token: str, with_png: bool) -> Iterator[Path]:
        """Write the page, the charts, and the photographs; gives back what was written."""
        shown = list(self.scenes(database, DatabaseDesk(database, lambda: last_morning(database)), index, token))
        yield written(HERE / self.file, self.page(shown, f"{FOLDER}/").encode())
        for scene in shown:
            if scene.reply.chart:
                yield written(HERE / FOLDER / f"{self.prefix}{scene.name}-chart.png", small(draw(scene.reply.chart)))
        for scene in shown if with_png else ():
            if not self.photographed or scene.name in self.photographed:
                with tempfile.TemporaryDirectory() as folder:
                    alone = written(Path(folder) / "screen.html", self.page([scene], f"{HERE / FOLDER}/").encode())
                    yield written(HERE / FOLDER / f"{self.prefix}{scene.name}.png", photograph(alone.as_uri()))


def last_morning(database: Database) -> dt.datetime:
    """The day of the newest decision, when people read it."""
    newest = database.connection.row("SELECT MAX(date) FROM decisions")
    if not newest or not newest[0]:
        raise SystemExit("no week was decided in this database: run crier week first")
    return dt.datetime.combine(dt.date.fromisoformat(str(newest[0])[:10]), dt.time(9), dt.UTC)


def written(path: Path, content: bytes) -> Path:
    """The file, with this in it."""
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(content)
    return path


def run(look: Look, says: str) -> None:
    """Read the command line and make one platform's pages and pictures of a database."""
    parser = argparse.ArgumentParser(description=says.splitlines()[0])
    parser.add_argument("--database", type=Path, required=True)
    parser.add_argument("--index", default="defi")
    parser.add_argument("--token", default="aave")
    parser.add_argument("--png", action="store_true")
    given = parser.parse_args()
    database = open_database(given.database)
    try:
        for path in look.make(database, given.index, given.token, given.png):
            print(f"{path.relative_to(HERE)}  {path.stat().st_size / 1000:.0f} kB")
    finally:
        database.close()


if __name__ == "__main__":
    run(Look("preview.html", "Crier in Telegram", "", STYLE, scenes, bubbles), __doc__)

"""The console: renders a Reply with rich and talks line by line; nothing in a name is ever read as markup."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from rich.console import Console, Group, RenderableType
from rich.panel import Panel
from rich.table import Table as RichTable
from rich.text import Text

from bot.command import Request
from bot.desk import Desk
from bot.dispatch import dispatch
from bot.phrases import clean
from bot.reply import ChartSpec, Reply, Table, Tone

STYLES: dict[Tone, str] = {"plain": "", "good": "green", "bad": "red", "quiet": "dim", "strong": "bold yellow"}
NARROW = 50  # columns under which frames and gaps are dropped
BARS = "▁▂▃▄▅▆▇█"
BARS_SHOWN = 32
QUIT = frozenset({"/quit", "/exit", "quit", "exit"})
GREETING = "Ask /index defi, /token btc, /help; /quit ends."


def render(reply: Reply, console: Console, width: int | None = None) -> None:
    """Print one reply, `width` columns wide at most."""
    columns = min(width or console.width, console.width)
    blocks = _blocks(reply, columns, _draws(console))
    style = "" if reply.ok else "yellow"
    if columns < NARROW or not console.is_terminal:
        if reply.title:
            console.print(_line(reply.title, "bold"), width=columns, soft_wrap=not console.is_terminal)
        for block in blocks:
            # A line is wrapped for eyes only: a program that reads it must find a journal head in one piece.
            soft = isinstance(block, Text) and not console.is_terminal
            console.print(block, width=columns, style=style, soft_wrap=soft)
        return
    title = _line(reply.title, "bold") if reply.title else None
    body = Group(*blocks)
    console.print(Panel(body, title=title, title_align="left", border_style=style or "cyan", width=min(columns, 88)))


def run_chat(
    desk: Desk,
    console: Console,
    read: Callable[[str], str] = input,
    mode: str = "",
    is_bot_admin: bool = False,
) -> None:
    """Ask and answer until /quit, the end of input or Ctrl-C at the prompt; Ctrl-C during an answer cancels it.

    `mode` is shown whatever this chat follows.
    """
    prompt = "crier> " if console.is_terminal else ""
    if console.is_terminal:
        console.print(_line(GREETING, "dim"))
    while True:
        try:
            text = read(prompt).strip()
        except (EOFError, KeyboardInterrupt):
            break
        if text.casefold() in QUIT:
            break
        if text:
            _answer(desk, console, text, mode, is_bot_admin)
    if console.is_terminal:
        console.print(_line("Bye.", "dim"))


def _answer(desk: Desk, console: Console, text: str, mode: str, is_bot_admin: bool) -> None:
    request = Request(text, "console", "console", "console", mode, is_bot_admin=is_bot_admin, place="console")
    try:
        render(dispatch(desk, request), console)
    except KeyboardInterrupt:
        console.print(_line("Cancelled.", "dim"))


def _draws(console: Console) -> bool:
    return (console.encoding or "").lower().startswith("utf")


def _blocks(reply: Reply, columns: int, draws: bool) -> list[RenderableType]:
    """The reply's parts from top to bottom, an empty line between them."""
    parts: list[list[RenderableType]] = [
        [_line(text) for text in reply.text],
        [_table(reply.table, columns)] if reply.table else [],
        [_line(text) for text in reply.after],
        _sparklines(reply.chart) if reply.chart and draws else [],
        [_line(text, "dim") for text in reply.note],
        [_buttons(reply)] if reply.buttons else [],
    ]
    blocks: list[RenderableType] = []
    for part in filter(None, parts):
        blocks.extend([Text("")] if blocks else [])
        blocks.extend(part)
    return blocks


def _line(text: str, style: str = "") -> Text:
    return Text(clean(text), style=style)


def _table(table: Table, columns: int) -> RichTable:
    gap = 1 if columns < NARROW else 2
    headed = any(column.title for column in table.columns)
    drawn = RichTable(box=None, padding=(0, gap, 0, 0), show_header=headed, header_style="dim", pad_edge=False)
    for column in table.columns:
        drawn.add_column(_line(column.title), justify=column.align, overflow="fold")
    for position, row in enumerate(table.rows):
        drawn.add_row(*(_line(cell) for cell in row), style=STYLES[table.tone(position)])
    return drawn


def _buttons(reply: Reply) -> Text:
    return _line("Next: " + "  ".join(button.command or button.url for button in reply.buttons), "cyan")


def _sparklines(chart: ChartSpec) -> list[RenderableType]:
    """The first two lines of a chart as one row of bars each, on one scale."""
    if chart.kind == "weights":
        return []
    lines = [(line.name, [v for v in line.values if v is not None]) for line in chart.lines[:2]]
    known = [value for _, values in lines for value in values]
    if len(known) < 2:
        return []
    widest = max(len(name) for name, _ in lines)
    return [_line(f"{name:<{widest}} {_bars(values, min(known), max(known))}") for name, values in lines if values]


def _bars(values: Sequence[float], low: float, high: float) -> str:
    """At most BARS_SHOWN bars, evenly picked, the last value always among them."""
    count = min(BARS_SHOWN, len(values))
    picked = [values[-1 - (count - 1 - i) * (len(values) - 1) // max(count - 1, 1)] for i in range(count)]
    span = high - low
    return "".join(BARS[int((value - low) / span * (len(BARS) - 1)) if span > 0 else 0] for value in picked)

"""Writes every page, table and count of the documentation that is made from the code: `python docs/tables.py`.

Whole pages are in `PAGES`. A part of a page stands between `<!-- made: NAME -->` and `<!-- end -->` and is in `PARTS`;
what is written between them by hand is lost. Tests hold every one of them to the code.
"""

from __future__ import annotations

import re
import runpy
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from urllib.parse import urlsplit

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from bot.command import ADMINS, Command, Who  # noqa: E402
from bot.commands import COMMANDS  # noqa: E402
from bot.feature_page import markdown as features  # noqa: E402
from bot.phrases import listed  # noqa: E402
from bot.platforms.table import PLATFORMS, Kind  # noqa: E402
from bot.texts import ABOUT_SETTING, SETTINGS  # noqa: E402
from engine.features import CATALOGUE  # noqa: E402
from engine.modes import modes  # noqa: E402
from engine.sources.distrust import REASONS  # noqa: E402
from engine.sources.table import SOURCES  # noqa: E402
from engine.themes import Theme, themes  # noqa: E402

MARK = "(<!-- made: {} -->)(.*?)(<!-- end -->)"
INDICES = """# Indices

Made by `python docs/tables.py` from `engine/themes.toml`; a new index is one entry there. The rules that all of them
share are [the methodology](methodology.md): *looked at* are the largest of the eligible (rule 2.12), *held* is the most
names (4.1), *one token* its largest share in {modes} mode (4.4), *just holding* the twin
(7.1). Tokens carry a label from an archive, or from CoinGecko's categories after seven days in which no admin refused
them.

| index | what it is | label | CoinGecko's categories | looked at | held | one token | just holding |
|---|---|---|---|---:|---:|---|---|
"""


def table(header: str, rows: Iterator[str]) -> str:
    """A part of a page that is one table."""
    rule = "|".join("---" for _ in header.strip("| ").split(" | "))
    return "\n".join(["", "", header, f"|{rule}|", *rows, "", ""])


def indices() -> str:
    """The text of docs/indices.md."""
    return INDICES.format(modes=" / ".join(modes())) + "".join(f"{_index(theme)}\n" for theme in themes().values())


def _index(theme: Theme) -> str:
    label = "every coin" if theme.members == "*" else f"`{theme.members}`"
    caps = " / ".join(f"{100 * mode.token_cap * theme.cap_scale:g}" for mode in modes().values())
    twin = f"the {theme.benchmark_size} largest, none above max({100 * theme.benchmark_cap:g} %, 1/n)"
    said = (
        f"{theme.title} (`{theme.id}`)", theme.description, label, ", ".join(theme.categories) or "none",
        str(theme.candidates), str(theme.size), f"{caps} %", twin,
    )  # fmt: skip
    return f"| {' | '.join(said)} |"


def commands(chosen: Callable[[Command], bool]) -> str:
    """The table of some commands, by name."""
    wanted = sorted((command for command in COMMANDS.values() if chosen(command)), key=lambda command: command.name)
    return table("| command | what it does |", (f"| `{command.usage}` | {command.help} |" for command in wanted))


def chat_settings() -> str:
    """The table of what a chat may choose."""
    rows = (f"| {SETTINGS[name]} | `{name}` | {ABOUT_SETTING[name]} |" for name in SETTINGS)
    return table("| setting | name | what it does |", rows)


def live_sources() -> str:
    """The table of live sources: what each feeds, where it asks, what a key adds, under which terms."""
    return table("| id | family | feeds | asks | a key adds | whose it is |", map(_source, SOURCES))


def _source(name: str) -> str:
    source = SOURCES[name]
    hosts = ", ".join(urlsplit(host.origin).netloc for host in source.hosts)
    key = source.key.adds if source.key else "(no key)"
    whose = f"[{source.title}]({source.cites}): {source.terms}"
    return f"| `{name}` | {source.family} | {', '.join(source.feeds)} | {hosts} | {key} | {whose} |"


def reasons() -> str:
    """The table of why a value is not believed."""
    return table("| reason | what it means |", (f"| {reason} | {REASONS[reason]} |" for reason in REASONS))


def repeats() -> str:
    """The table of how often each platform is sent again what may have arrived."""
    return table(
        "| platform | sent again | because |", (f"| {kind.id} | {_times(kind)} |" for kind in PLATFORMS.values())
    )


def _times(kind: Kind) -> str:
    times, after = kind.repeats.times, kind.repeats.after
    said = f"{times} time{'s' if times > 1 else ''}, after {after:.0f} s" if times else "never"
    return f"{said} | {kind.repeats.why}"


SETTINGS_PAGES = runpy.run_path(str(ROOT / "docs" / "settings.py"))
PAGES: Mapping[str, Callable[[], str]] = {
    "docs/settings.md": SETTINGS_PAGES["page"],
    ".env.example": SETTINGS_PAGES["example"],
    "docs/features.md": features,
    "docs/indices.md": indices,
}
PARTS: Mapping[tuple[str, str], Callable[[], str]] = {
    ("README.md", "points"): lambda: str(len(CATALOGUE)),
    ("README.md", "indices"): lambda: listed([theme.title for theme in themes().values()]),
    ("README.md", "menu"): lambda: commands(lambda command: command.menu),
    ("docs/commands.md", "market"): lambda: commands(lambda c: c.who not in ADMINS and c.about == "market"),
    ("docs/commands.md", "chats"): lambda: commands(lambda c: c.who not in ADMINS and c.about == "chat"),
    ("docs/commands.md", "admins"): lambda: commands(lambda c: c.who > Who.MEMBER),
    ("docs/commands.md", "settings"): chat_settings,
    ("docs/delivery.md", "repeats"): repeats,
    ("docs/sources.md", "sources"): live_sources,
    ("docs/sources.md", "reasons"): reasons,
}


def made() -> Iterator[tuple[Path, str]]:
    """Every file with the text that it should have."""
    yield from ((ROOT / name, text()) for name, text in PAGES.items())
    for name in dict.fromkeys(name for name, _ in PARTS):
        text = (ROOT / name).read_text("utf-8")
        for part in (part for page, part in PARTS if page == name):
            text = replaced(text, part, PARTS[name, part]())
        yield ROOT / name, text


def replaced(page: str, part: str, text: str) -> str:
    """A page with one part made anew; SystemExit where it does not have that part exactly once."""
    page, times = re.subn(MARK.format(part), lambda mark: f"{mark[1]}{text}{mark[3]}", page, flags=re.DOTALL)
    if times != 1:
        raise SystemExit(f"{times} places for the part {part!r}: mark one with <!-- made: {part} --><!-- end -->")
    return page


if __name__ == "__main__":
    for path, text in made():
        if not path.exists() or path.read_text("utf-8") != text:
            path.write_text(text, "utf-8")
            print(path.relative_to(ROOT))

"""Writes pages from templates: the environment, and how figures, dates and Markdown are said in HTML."""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import quote

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from bot.phrases import day, dollars, percent, short_head, signed, signed_percent
from bot.web.statics import STATICS
from bot.words import rule_in_words

LINKS: Mapping[str, str] = {"methodology.md": "/methodology", "verify.md": "/verify"}  # documents that are pages

ENVIRONMENT = Environment(
    loader=PackageLoader("bot.web"),
    autoescape=True,
    trim_blocks=True,
    lstrip_blocks=True,
    undefined=StrictUndefined,
)


def printable(text: str) -> str:
    """Text without what XML cannot hold."""
    return re.sub(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]", "\ufffd", text)


def segment(text: str) -> str:
    """A name as one part of a path, whatever signs are in it."""
    return quote(text, safe="")


def breakable(path: str) -> Markup:
    """A path that may go on in the next line before each of its parts, and nowhere else."""
    return Markup("<wbr>").join(f"/{part}" for part in path.lstrip("/").split("/"))


ENVIRONMENT.filters |= {
    "segment": segment,
    "breakable": breakable,
    "day": day,
    "dollars": dollars,
    "percent": percent,
    "signed": signed,
    "signed_percent": signed_percent,
    "short_head": short_head,
    "rule": rule_in_words,
    "printable": printable,
}
ENVIRONMENT.globals |= {"static": {name: static.path for name, static in STATICS.items()}}


def as_html(markdown: str) -> Markup:
    """A document of this project as HTML; each numbered rule a paragraph with an anchor, each heading one too.

    Raw HTML stays text, and only links to pages of the site or to the web remain links.
    """
    from markdown_it import MarkdownIt

    writer = MarkdownIt("commonmark", {"html": False}).enable("table")
    told = re.sub(r"^(?=\d+\.\d+ )", "\n", markdown, flags=re.MULTILINE)
    told = re.sub(r"\[([^\]]+)\]\((?!https://)([^)#]+)[^)]*\)", _link, told)
    page = writer.render(told)
    page = re.sub(r"<p>(\d+\.\d+) ", r'<p id="r\1" class="numbered"><a class="number" href="#r\1">\1</a> ', page)
    page = page.replace("<table>", '<div class="scroll" tabindex="0"><table>').replace("</table>", "</table></div>")
    return Markup(page)


def _link(found: re.Match[str]) -> str:
    target = LINKS.get(found[2])
    return f"[{found[1]}]({target})" if target else found[1]

"""The pages: one table of what there is to see, each with its parameters, its words and its picture."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from bot.web import books, records, showing
from bot.web.api import INDEX, LEDGER, MODE, SEQ, SYMBOL
from bot.web.audit import Checked
from bot.web.cards import SIZE
from bot.web.door import Shelf
from bot.web.route import Asked, Parameter
from bot.web.showing import Shown
from bot.web.writing import ENVIRONMENT
from engine.modes import modes

KEPT = Parameter(
    "ledger",
    "query",
    "A ledger; without one the one that pages read from.",
    {"type": "string", "enum": ["", "live", "replay"], "default": ""},
)
BEFORE = Parameter(
    "before",
    "query",
    "Entries before this number; 0 for the newest.",
    {"type": "integer", "minimum": 0, "maximum": 10**9, "default": 0},
)
POSTED = Parameter(
    "head",
    "query",
    "A head as it was posted.",
    {"type": "string", "pattern": r"^[^\x00-\x1f]{0,120}$", "default": "", "description": "at most 120 characters"},
)
NAVIGATION = (
    ("/", "Indices"),
    ("/tokens", "Tokens"),
    ("/scoreboard", "Scores"),
    ("/methodology", "Method"),
    ("/journal", "Journal"),
    ("/verify", "Verify"),
)


@dataclass(frozen=True, slots=True)
class Page:
    """One kind of page; `section` is the entry of the navigation that it belongs to."""

    path: str
    name: str
    section: str
    show: Callable[[Shelf, Asked], Shown]
    parameters: tuple[Parameter, ...] = field(default=())


PAGES: tuple[Page, ...] = (
    Page("/", "home", "/", showing.home, (MODE,)),
    Page("/index/{index}", "index", "/", showing.index, (INDEX, MODE)),
    Page("/tokens", "tokens", "/tokens", showing.tokens, (MODE,)),
    Page("/token/{symbol}", "token", "/tokens", showing.token, (SYMBOL, MODE)),
    Page("/scoreboard", "scoreboard", "/scoreboard", showing.scoreboard, (MODE,)),
    Page("/methodology", "methodology", "/methodology", books.methodology),
    Page("/journal", "journal", "/journal", books.journal, (KEPT, BEFORE)),
    Page("/journal/{ledger}/{seq}", "entry", "/journal", books.entry, (LEDGER, SEQ)),
    Page("/verify", "verify", "/verify", books.verify, (POSTED,)),
    Page("/api", "api", "/api", books.api),
)


def write(page: Page, shelf: Shelf, asked: Asked, public_url: str, checked: Checked | None) -> str:
    """One page as HTML, with how to read it on top and where it is reached for previews."""
    shown, status = page.show(shelf, asked), shelf.book.status()
    return _render(
        f"{page.name}.html",
        public_url,
        {
            **shown.context,
            "title": shown.title,
            "description": shown.description,
            "card": shown.card,
            "address": shown.address,
            "section": page.section,
            "about": records.about(status),
            "status": status,
            "asked": asked,
            "checked": checked,
        },
    )


def fault(status: int, said: str) -> bytes:
    """The page of a question that is not answered; it asks nothing of the database."""
    context: Mapping[str, Any] = {
        "title": said,
        "description": said,
        "card": "",
        "address": "",
        "section": "",
        "about": None,
        "status": None,
        "code": status,
    }
    return _render("fault.html", "", context).encode()


def _render(template: str, public_url: str, context: Mapping[str, Any]) -> str:
    written = ENVIRONMENT.get_template(template).render(
        navigation=NAVIGATION, modes=list(modes()), public_url=public_url, size=SIZE, **context
    )
    return re.sub(r"(?<=\d) (?=%)", "\N{NO-BREAK SPACE}", written)

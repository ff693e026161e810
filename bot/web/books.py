"""What the pages of documents and of the journal show: the methodology, entries, how to verify, the API."""

from __future__ import annotations

import json
from typing import Any, cast

from bot.web.api import ROUTES, about_of
from bot.web.door import Shelf
from bot.web.openapi import PREFIX
from bot.web.route import Asked, NotHere
from bot.web.rules import PAGE, page
from bot.web.showing import Shown
from bot.web.writing import as_html
from engine.errors import BadRequest
from engine.model import LEDGERS, Ledger
from storage.chain import Entry

LISTED = 40  # entries of a page
MOST_SHOWN = 60_000  # characters of a body laid out on a page


def methodology(shelf: Shelf, asked: Asked) -> Shown:
    return Shown(
        "Methodology",
        "Every rule of the method with its number, and the numbers behind it.",
        "",
        "/methodology",
        {"text": as_html(page(PAGE))},
    )


def journal(shelf: Shelf, asked: Asked) -> Shown:
    ledger = cast(Ledger, asked["ledger"] or shelf.book.ledger)
    last = shelf.database.journal.last(ledger)
    end = min(asked["before"] or 10**9, (last.seq if last else 0) + 1)
    found = shelf.published.entries(ledger, max(0, end - 1 - LISTED), min(LISTED, max(end - 1, 0)))
    return Shown(
        "Journal",
        f"{last.seq if last else 0:,} entries, each chained to the one before. {about_of(shelf).says}",
        "",
        f"/journal?ledger={ledger}",
        {
            "ledger": ledger,
            "ledgers": [name for name in LEDGERS if shelf.database.journal.last(name)],
            "last": last,
            "entries": [(entry, _subject(entry)) for entry in reversed(found)],
            "older": found[0].seq if found and found[0].seq > 1 else 0,
        },
    )


def _subject(entry: Entry) -> str:
    """What an entry is about, in a few words."""
    body: dict[str, Any] = json.loads(entry.body)
    match entry.kind:
        case "decision" | "settlement":
            change = f", change {body['sequence']}" if body.get("sequence") else ""
            return f"{body.get('index')}, {body.get('mode')}{change}"
        case "signals":
            return f"{len(body.get('signals', ()))} tokens"
        case "order":
            where = body.get("index") or "every index"
            return " ".join(str(part) for part in (body.get("kind"), body.get("symbol") or "", where) if part)
    return str(body.get("method", ""))


def entry(shelf: Shelf, asked: Asked) -> Shown:
    ledger, seq = cast(Ledger, asked["ledger"]), asked["seq"]
    found = shelf.published.entry(ledger, seq)
    if found is None:
        raise NotHere(f"The {ledger} journal has no entry {seq}.")
    laid_out = json.dumps(json.loads(found.body), indent=2, ensure_ascii=False)
    last = shelf.database.journal.last(ledger)
    return Shown(
        f"Entry {seq}",
        f"{found.kind} of {found.date}: {_subject(found)}. {about_of(shelf).says}",
        "",
        f"/journal/{ledger}/{seq}",
        {
            "entry": found,
            "subject": _subject(found),
            "body": laid_out[:MOST_SHOWN],
            "is_cut": len(laid_out) > MOST_SHOWN,
            "is_last": last is not None and last.seq == seq,
        },
    )


def verify(shelf: Shelf, asked: Asked) -> Shown:
    posted, found, said = asked["head"].strip(), None, ""
    if posted:
        try:
            found = shelf.database.journal.find_head(posted)
            said = shelf.database.journal.told_of(posted).message
        except BadRequest as error:
            said = str(error)
    return Shown(
        "Verify it yourself",
        "Check any head ever posted, and recompute chain, levels and hit rates from the journal alone.",
        "",
        "/verify",
        {
            "posted": posted,
            "found": found,
            "said": f"{said[:1].upper()}{said[1:]}",
            "ledger": shelf.book.ledger,
            "text": as_html(page("verify.md").split("\n", 1)[1]),
        },
    )


def api(shelf: Shelf, asked: Asked) -> Shown:
    return Shown(
        "API",
        "The same as JSON: read-only, no key, CORS for reading.",
        "",
        "/api",
        {"routes": ROUTES, "prefix": PREFIX, "symbol": _some_symbol(shelf)},
    )


def _some_symbol(shelf: Shelf) -> str:
    week = shelf.book.signals()
    return week.signals[0].symbol if week and week.signals else "BTC"

"""What a source gets for a request: the body of an answer, read as JSON, CSV or text, or refused in one sentence."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import dataclass, field
from typing import Any, NoReturn

from engine.errors import SourceGarbled


@dataclass(frozen=True, slots=True)
class Validator:
    """What makes the next request for an address conditional: its ETag and Last-Modified; keys in it are hidden."""

    url: str
    etag: str = ""
    modified: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer of 200, or 304 (`unchanged`, and no body). `validator` goes into the batch that stores all of it."""

    host: str
    body: bytes = field(default=b"", repr=False)
    kind: str = ""  # the media type, as told
    unchanged: bool = False
    validator: Validator | None = None

    def json(self) -> Any:
        """Parse the body; SourceGarbled where it is a web page or no JSON. NaN and Infinity are no JSON."""
        text = self.text()
        try:
            return json.loads(text, parse_constant=_refuse)
        except (ValueError, RecursionError):
            what = "a broken answer" if text[:1] in "{[" and text else "something else"
            raise SourceGarbled(f"{self.host} was asked for JSON and sent {what}: nothing of it was used.") from None

    def rows(self) -> list[list[str]]:
        """Parse the body as CSV, blank lines left out; SourceGarbled where it is a web page or unbalanced."""
        try:
            return [row for row in csv.reader(io.StringIO(self.text()), strict=True) if row]
        except csv.Error:
            raise SourceGarbled(f"{self.host} was asked for CSV and sent something else.") from None

    def text(self, pages: bool = False) -> str:
        """Decode the body; SourceGarbled where it is no UTF-8, or a web page and `pages` are not expected."""
        try:
            text = self.body.decode("utf-8-sig")
        except UnicodeDecodeError:
            raise SourceGarbled(f"{self.host} sent text that is no UTF-8: nothing of it was used.") from None
        if not pages and ("html" in self.kind or is_page(text)):
            raise SourceGarbled(
                f"{self.host} sent a web page instead of data: it may be down, or block this address or country."
            )
        return text


def is_page(text: str) -> bool:
    """Whether a text begins like a web page."""
    head = text[:300].lstrip().lower()
    return head.startswith(("<!doctype html", "<html", "<head", "<body"))


def _refuse(constant: str) -> NoReturn:
    raise ValueError(constant)

"""A reply's lines on their way into messages: in sections and paragraphs, packed until a message is full."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby

from bot.phrases import clean
from bot.reply import paragraphs


@dataclass(frozen=True, slots=True)
class Piece:
    """One line, in a platform's markup, of one of the reply's sections; lines in columns stand together in equal
    letters."""

    text: str
    section: int
    in_columns: bool = False
    paragraph: int = 0


def pieces(texts: Iterable[str], section: int, parts: Callable[[str], Iterable[str]]) -> Iterator[Piece]:
    """Texts as pieces, blank ones left out; `parts` cuts one to size and marks it up."""
    for paragraph, together in enumerate(paragraphs(texts)):
        for text in together:
            if clean(text).strip():
                yield from (Piece(part, section, paragraph=paragraph) for part in parts(text))


def packed(all_: Iterable[Piece], fits: Callable[[list[Piece]], bool]) -> list[list[Piece]]:
    """The pieces message by message, each as full as it may be; one message at least, though it be empty."""
    messages: list[list[Piece]] = [[]]
    for piece in all_:
        if messages[-1] and not fits([*messages[-1], piece]):
            messages.append([])
        messages[-1].append(piece)
    return messages


def joined(some: Iterable[Piece], fence: tuple[str, str]) -> str:
    """Pieces as one text: a line each, an empty line between paragraphs, columns between the two marks of `fence`."""
    told = []
    for _, paragraph in groupby(some, key=lambda piece: (piece.section, piece.paragraph)):
        runs = []
        for in_columns, run in groupby(paragraph, key=lambda piece: piece.in_columns):
            text = "\n".join(piece.text for piece in run)
            runs.append(f"{fence[0]}{text}{fence[1]}" if in_columns else text)
        told.append("\n".join(runs))
    return "\n\n".join(told)

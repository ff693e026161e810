"""What a governance command may do beyond reading: every deed is kept under a code first, and done once confirmed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Literal, Protocol

from bot.book import Book
from bot.reply import Reply
from engine.model import Decision, Order
from storage.audit import Identity as Person
from storage.chats import Chat
from storage.links import Offer
from storage.proclamations import Proclamation

__all__ = ["Deed", "DeedKind", "Desk", "Person", "Weighed"]

DeedKind = Literal["mode", "exclude", "include", "rebalance", "pause", "resume", "announce", "forget", "command"]


@dataclass(frozen=True, slots=True)
class Deed:
    """What waits for its confirmation: another mode for the chat, an order, an announcement, that a chat or person be
    forgotten, or a `command` of an admin who speaks for the chat. `index` None means every index.

    `reason` is an order's reason, an announcement's text, whose data goes, or the command's text.
    """

    kind: DeedKind
    index: str | None = None
    symbol: str | None = None
    mode: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Weighed:
    """What an order would change in one index: a decision made now `without` it and `under` it.

    None where no trade would be made at all: a paused index, or no reason to decide between weeks.
    """

    index: str
    without: Decision | None
    under: Decision | None


class Desk(Book, Protocol):
    """The book, and beside it the pen. What is written inside one `atomic()` is written all or not at all."""

    def atomic(self) -> AbstractContextManager[None]: ...

    def keep(self, who: Person, deed: Deed) -> str:
        """The code under which `who` may confirm the deed."""
        ...

    def redeem(self, who: Person, code: str) -> Deed:
        """Use a code up; BadRequest says why it does not count."""
        ...

    def follow(self, who: Person, mode: str) -> None:
        """Let the chat follow a mode."""
        ...

    def choose(self, chat: Chat) -> None:
        """Store all that a chat chose."""
        ...

    def knows(self, who: Person) -> tuple[bool, bool]:
        """Whether anything is stored of the chat's choices, and of the person."""
        ...

    def forget(self, who: Person, chat: bool, person: bool) -> None:
        """Delete what is stored of the chat, of the person, or of both."""
        ...

    def scrub(self) -> None:
        """Let no old page of the file hold what was deleted; to be called once that is committed."""
        ...

    def claim(self, who: Person, code: str) -> None:
        """Make a person a bot admin by a one-time code; BadRequest where it does not count."""
        ...

    def pseudonym(self, who: Person) -> str:
        """The name under which a person is kept where no name may stand."""
        ...

    def added_by(self, pseudonym: str) -> int:
        """How many chats a person has added."""
        ...

    def offer_link(self, who: Person, title: str) -> str:
        """The code under which another platform's chat may be joined with this one, for ten minutes."""
        ...

    def link_offer(self, code: str) -> Offer | None:
        """What such a code stands for, None where it does not count."""
        ...

    def answer_link(self, who: Person, offer: Offer, title: str) -> bool:
        """Note that the code was written here; False where another chat was faster."""
        ...

    def join_link(self, offer: Offer) -> None:
        """Join both chats; what the one that asked for the code chose counts for both."""
        ...

    def unlink(self, who: Person) -> bool:
        """End this chat's link; False where there is none."""
        ...

    def linked(self, who: Person) -> Sequence[Chat]:
        """The chats that this one is joined with."""
        ...

    def proclaim(self, who: Person, index: str | None, text: str) -> Proclamation:
        """Journal an admin's own words under a pseudonym, and keep who said them apart."""
        ...

    def proclamations(self) -> Sequence[Proclamation]:
        """All that admins announced, oldest first."""
        ...

    def notify_all(self, said: Proclamation, reply: Reply) -> None:
        """Have an announcement told in the chats of its index, or in all."""
        ...

    def weigh(self, order: Order) -> Sequence[Weighed]:
        """Work an order out with the engine, on what is stored; NotEnoughData before the first decision."""
        ...

    def draft(self, deed: Deed, by: str) -> Order:
        """The order of a deed as it would be given now: it counts from the next 00:00 UTC."""
        ...

    def give(self, who: Person, deed: Deed) -> Order:
        """Journal an order under a pseudonym, and keep who gave it apart."""
        ...

    def notify(self, order: Order, said: Reply) -> None:
        """Have an order announced in its index's chats."""
        ...

    def identities(self) -> Mapping[str, Person]:
        """{order id: who gave it}, without those who were forgotten."""
        ...

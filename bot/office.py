"""The desk on the database: codes, orders, pseudonyms and notices, each written beside the book it stands on."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from typing import cast, get_args

from pydantic import TypeAdapter

from bot.desk import Deed, Person, Weighed
from bot.posting import Posting
from bot.reply import Reply
from bot.shelf import Clock, DatabaseBook
from bot.weighing import weigh
from engine.method import stamp
from engine.model import Order, OrderKind
from engine.modes import DEFAULT_MODE
from storage.chats import Chat
from storage.database import Database
from storage.links import Offer
from storage.proclamations import Proclamation

ORDER = "order"  # kinds of notices
ANNOUNCEMENT = "announcement"
ORDERS = frozenset(get_args(OrderKind))
_DEEDS = TypeAdapter(Deed)


class DatabaseDesk(DatabaseBook):
    """Implements `bot.desk.Desk`: the book on a database, with the pen beside it; asks `clock` at every deed."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        default_mode: str = DEFAULT_MODE,
    ) -> None:
        super().__init__(database, clock, default_mode=default_mode)

    def atomic(self) -> AbstractContextManager[None]:
        return self._db.atomic()

    def keep(self, who: Person, deed: Deed) -> str:
        return self._db.confirmations.keep(who, _DEEDS.dump_json(deed).decode(), self.now())

    def redeem(self, who: Person, code: str) -> Deed:
        return _DEEDS.validate_json(self._db.confirmations.redeem(code, who, self.now()))

    def follow(self, who: Person, mode: str) -> None:
        self._db.chats.set_mode(who.platform, who.chat, mode)

    def choose(self, chat: Chat) -> None:
        self._db.chats.put(chat)

    def knows(self, who: Person) -> tuple[bool, bool]:
        return self._db.chats.knows(who.platform, who.chat), self._db.audit.knows(who.platform, who.user)

    def forget(self, who: Person, chat: bool, person: bool) -> None:
        if chat:
            self._db.chats.forget(who.platform, who.chat)
        if person:
            self._db.audit.forget(who.platform, who.user)

    def scrub(self) -> None:
        self._db.audit.scrub()

    def claim(self, who: Person, code: str) -> None:
        self._db.admins.claim(code, who.platform, who.user, self.now())

    def pseudonym(self, who: Person) -> str:
        return self._db.audit.pseudonym(who.platform, who.user)

    def added_by(self, pseudonym: str) -> int:
        return self._db.chats.added_by(pseudonym)

    def offer_link(self, who: Person, title: str) -> str:
        return self._db.links.offer(who.platform, who.chat, title, self.now())

    def link_offer(self, code: str) -> Offer | None:
        return self._db.links.offered(code, self.now())

    def answer_link(self, who: Person, offer: Offer, title: str) -> bool:
        return self._db.links.answer(offer, who.platform, who.chat, title)

    def join_link(self, offer: Offer) -> None:
        chats = self._db.chats
        with self.atomic():
            other = chats.get(offer.other_platform, offer.other_chat)
            chats.put(replace(other, title=offer.other_title or other.title))
            self._db.links.join(offer)
            asked = chats.get(offer.platform, offer.chat)
            chats.put(replace(asked, title=offer.title or asked.title))

    def unlink(self, who: Person) -> bool:
        return self._db.links.forget(who.platform, who.chat)

    def linked(self, who: Person) -> Sequence[Chat]:
        return [self._db.chats.get(*key) for key in self._db.links.partners(who.platform, who.chat)]

    def proclaim(self, who: Person, index: str | None, text: str) -> Proclamation:
        now = self.now().astimezone(dt.UTC).replace(microsecond=0)
        with self.atomic():
            name = self._db.proclamations.next_id(now.date())
            said = Proclamation(name, index, text, self.pseudonym(who), now)
            self._db.proclamations.add(self.ledger, said, stamp())
            self._db.audit.record(self.ledger, said.id, said.by, who, now)
        return said

    def proclamations(self) -> Sequence[Proclamation]:
        return self._db.proclamations.all(self.ledger)

    def notify_all(self, said: Proclamation, reply: Reply) -> None:
        with self.atomic():
            day, index = said.given.date(), said.index or ""
            kept = self._db.notices.add(self.ledger, day, index, ANNOUNCEMENT, reply.to_json())
            Posting(self.now(), self._default_mode).notice(self._db, kept)

    def weigh(self, order: Order) -> Sequence[Weighed]:
        return weigh(self._db, self.ledger, order)

    def draft(self, deed: Deed, by: str) -> Order:
        assert deed.kind in ORDERS
        now = self.now().astimezone(dt.UTC).replace(microsecond=0)
        effective = now.date() + dt.timedelta(days=1)
        name = self._db.orders.next_id(effective)
        return Order(name, cast(OrderKind, deed.kind), deed.index, deed.symbol, deed.reason, by, now, effective)

    def give(self, who: Person, deed: Deed) -> Order:
        with self.atomic():
            order = self.draft(deed, self._db.audit.pseudonym(who.platform, who.user))
            self._db.orders.add(self.ledger, order, stamp())
            self._db.audit.add(self.ledger, order, who, order.given)
        return order

    def notify(self, order: Order, said: Reply) -> None:
        with self.atomic():
            kept = self._db.notices.add(self.ledger, order.effective, order.index or "", ORDER, said.to_json())
            Posting(self.now(), self._default_mode).notice(self._db, kept)

    def identities(self) -> Mapping[str, Person]:
        return self._db.audit.identities()

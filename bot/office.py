"""The desk on the database: codes, orders, pseudonyms and notices, each written beside the book it stands on."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager

from pydantic import TypeAdapter

from bot.desk import Deed, Person, Weighed
from bot.posting import Posting
from bot.reply import Reply
from bot.shelf import Clock, DatabaseBook
from bot.weighing import weigh
from engine.method import stamp
from engine.model import Order
from engine.modes import DEFAULT_MODE
from storage.database import Database

ORDER = "order"  # kind of notice
_DEEDS = TypeAdapter(Deed)


class DatabaseDesk(DatabaseBook):
    """Implements `bot.desk.Desk`: the book on a database, with the pen beside it; asks `clock` at every deed."""

    def __init__(self, database: Database, clock: Clock, default_mode: str = DEFAULT_MODE) -> None:
        super().__init__(database, clock, default_mode=default_mode)

    def atomic(self) -> AbstractContextManager[None]:
        return self._db.atomic()

    def keep(self, who: Person, deed: Deed) -> str:
        return self._db.confirmations.keep(who, _DEEDS.dump_json(deed).decode(), self.now())

    def redeem(self, who: Person, code: str) -> Deed:
        return _DEEDS.validate_json(self._db.confirmations.redeem(code, who, self.now()))

    def follow(self, who: Person, mode: str) -> None:
        self._db.chats.set_mode(who.platform, who.chat, mode)

    def weigh(self, order: Order) -> Sequence[Weighed]:
        return weigh(self._db, self.ledger, order)

    def draft(self, deed: Deed, by: str) -> Order:
        assert deed.kind != "mode"
        now = self.now().astimezone(dt.UTC).replace(microsecond=0)
        effective = now.date() + dt.timedelta(days=1)
        name = self._db.orders.next_id(effective)
        return Order(name, deed.kind, deed.index, deed.symbol, deed.reason, by, now, effective)

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

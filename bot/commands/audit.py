"""/audit: which orders stand, and all that admins ordered or said; who they are is for this bot's admins alone."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

from bot.command import ADMINS, Arguments, Command, Param, Request, Who
from bot.desk import Desk, Person
from bot.governance import instant_of, order_said, titles
from bot.phrases import clipped, counted, day, instant
from bot.reply import Button, Reply
from bot.screen import loud
from engine.errors import BadRequest
from engine.model import Order
from engine.orders import Orders
from storage.proclamations import Proclamation

MOST = 8  # orders on one screen
WHO = "who"


def run(request: Request, desk: Desk, arguments: Arguments) -> Reply:
    known = _identities(request, desk, arguments.text)
    orders, named = desk.orders(), titles(desk)
    standing = _standing(orders, desk.now().date() + dt.timedelta(days=1), named)
    acts: list[Order | Proclamation] = [*orders.given, *desk.proclamations()]
    newest = sorted(acts, key=lambda act: (act.given, act.id), reverse=True)
    more = (f"And {counted(len(newest) - MOST, 'older order')}: in the journal.",) if len(newest) > MOST else ()
    told = [_told(act, named, known, desk.zone) for act in newest[:MOST]]
    return Reply(
        title=loud("Orders of this bot's admins", desk.status()),
        text=tuple(standing) or ("Nothing is excluded or paused.",),
        after=(*told, *more) or ("No order was ever given.",),
        note=("Each stands in the journal under a pseudonym: /verify.",),
        buttons=(Button("Journal", "/verify"),),
        private=known is not None and not request.is_personal,
    )


def _identities(request: Request, desk: Desk, text: str) -> Mapping[str, Person] | None:
    """Who gave which order, where a bot admin asks for it; nobody is shown it by the way."""
    if not text:
        return None
    if text.casefold() != WHO:
        raise BadRequest(f"/audit takes nothing after it but the word {WHO}, and “{clipped(text)}” is another.")
    if request.who < Who.BOT_ADMIN:
        raise BadRequest(f"Who stands behind a pseudonym is told to {ADMINS[Who.BOT_ADMIN]} only.")
    return desk.identities()


def _standing(orders: Orders, date: dt.date, named: Mapping[str, str]) -> list[str]:
    """What counts at the next 00:00 UTC: each exclusion and each pause once, with the indices it holds in."""
    places: dict[tuple[str, str], list[str]] = {}
    reasons: dict[tuple[str, str], Order] = {}
    for index in named:
        pause = orders.paused(index, date)
        found = [("Paused", pause)] if pause else []
        found += [(f"Excluded: {symbol} from", order) for symbol, order in sorted(orders.excluded(index, date).items())]
        for what, order in found:
            places.setdefault((what, order.id), []).append(named[index])
            reasons[what, order.id] = order
    return [_stands(what, places[what, id_], len(named), order) for (what, id_), order in reasons.items()]


def _stands(what: str, places: list[str], all_of_them: int, order: Order) -> str:
    """`Excluded: AAVE from DeFi since 14 Nov 2023 (its pool was drained)`."""
    where = "all indices" if len(places) == all_of_them else ", ".join(places)
    start = f"{what} {where}" if what.startswith("Excluded") else f"{what}: {where}"
    return f"{start} since {day(order.effective)} ({order.reason})"


def _told(
    act: Order | Proclamation, named: Mapping[str, str], known: Mapping[str, Person] | None, zone: dt.tzinfo
) -> str:
    """One order or announcement on a line: what, from when, who, why."""
    by = act.by
    if known is not None:
        person = known.get(act.id)
        by += f" ({person.platform} {person.user})" if person else " (forgotten)"
    if isinstance(act, Proclamation):
        return f"Announced on {instant(act.given, zone)}, by {by}: {act.text}"
    return f"{order_said(act, named)}, from {instant_of(act, zone)}, by {by}: {act.reason}"


COMMAND = Command(
    name="audit",
    help="What this bot's admins ordered, and why",
    run=run,
    example="/audit",
    params=(Param("who", "the word who: with names, for this bot's admins", "text"),),
    menu=False,
    about="chat",
    weighs_rights=True,
)

"""How an admin's order goes: a preview of what it would change, a confirmation, the journal, and the announcement."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import replace

from bot.book import Status, next_comes
from bot.command import Arguments, Command, Param, Request, Who
from bot.desk import Deed, Desk
from bot.effects import Effects, effects
from bot.phrases import capital, clean, instant, short_head
from bot.reply import Button, Reply
from bot.screen import loud
from engine.errors import BadRequest, NotEnoughData
from engine.model import Order, OrderKind, TokenKind
from engine.orders import Orders

FILLERS = "\u115f\u1160\u3164\uffa0"  # letters by their category that show nothing
SHORTEST, LONGEST = 3, 200  # characters of a reason
OF_TOKENS = frozenset({"exclude", "include"})  # kinds that name a token, in every index where they name none

ASKED: Mapping[OrderKind, str] = {
    "exclude": "exclude {symbol} from {where}",
    "include": "let {symbol} back into {where}",
    "rebalance": "rebalance {where} out of turn",
    "pause": "pause {where}",
    "resume": "let {where} trade again",
}
GIVEN: Mapping[OrderKind, str] = {
    "exclude": "{symbol} is excluded from {where}",
    "include": "{symbol} may be held in {where} again",
    "rebalance": "{where}: a rebalance out of turn",
    "pause": "{where}: trading is paused",
    "resume": "{where}: trading resumes",
}
UNTIL: Mapping[OrderKind, str] = {
    "exclude": ", until /include lets it back in",
    "include": "",
    "rebalance": ", that one time",
    "pause": ", until /resume",
    "resume": "",
}


def order_command(kind: OrderKind, help: str, example: str) -> Command:
    """One of the order commands: it does nothing yet but preview the order, and gives a code to confirm it with."""
    of_token = kind in OF_TOKENS
    token = (Param("token", "a token", "token", required=True),) if of_token else ()

    def run(request: Request, desk: Desk, arguments: Arguments) -> Reply:
        symbol = arguments.token.symbol if arguments.token else None
        index = arguments.index.id if arguments.index else None
        deed = Deed(kind, index, symbol, reason=reason_from(arguments.text))
        if arguments.token is not None:
            _refuse_stranger(desk, deed, arguments.token.kind)
        return preview(request, desk, deed)

    return Command(
        name=kind,
        help=help,
        run=run,
        example=example,
        params=(
            *token,
            Param("index", "an index, or all", "scope", required=not of_token),
            Param("reason", "a reason, which is public", "text", required=True),
        ),
        who=Who.BOT_ADMIN,
        menu=False,
    )


def give(request: Request, desk: Desk, deed: Deed) -> Reply:
    """Give a confirmed order and have it announced; one that would change nothing any more says so."""
    complaint = _complaint(desk, deed)
    if complaint:
        return Reply(text=(complaint,), ok=False)
    order = desk.give(request.person, deed)
    said = announcement(desk, order)
    desk.notify(order, said)
    # Under the admin's own message the pseudonym would tell everybody whose it is: the announcement alone carries it.
    return replace(said, note=said.note[1:])


def order_said(order: Order, titles: Mapping[str, str], form: Mapping[OrderKind, str] = GIVEN) -> str:
    """`AAVE is excluded from the DeFi index`."""
    where = f"the {titles.get(order.index, order.index)} index" if order.index else "all indices"
    return capital(form[order.kind].format(symbol=order.symbol, where=where))


def titles(desk: Desk) -> dict[str, str]:
    return {info.id: info.title for info in desk.indices()}


def preview(request: Request, desk: Desk, deed: Deed) -> Reply:
    """What an order would change, kept under a code; BadRequest where it would change nothing."""
    complaint = _complaint(desk, deed)
    if complaint:
        raise BadRequest(complaint)
    order, named, status = desk.draft(deed, by=""), titles(desk), desk.status()
    weighed = _effects(desk, order, named)
    code = desk.keep(request.person, deed)
    return Reply(
        title=loud(f"{order_said(order, named, ASKED)}? Nothing is done yet", status),
        text=(
            f"Reason: {order.reason}",
            f"Would count from {instant_of(order, desk.zone)}{UNTIL[order.kind]}.",
            *_waits(status),
        ),
        table=weighed.table,
        after=weighed.lines,
        note=(
            *weighed.note,
            "The reason is public and stays in the journal for ever; your name does not stand in it.",
            f"To do it, within ten minutes: /confirm {code}",
        ),
        buttons=(Button("Confirm", f"/confirm {code}"),),
    )


def _effects(desk: Desk, order: Order, named: Mapping[str, str]) -> Effects:
    """What the engine says, or that there is nothing yet that it could be asked about."""
    try:
        return effects(desk.weigh(order), named)
    except NotEnoughData as error:
        return Effects(None, (str(error),))


def _waits(status: Status) -> tuple[str, ...]:
    """A record without new data has no decision that an order could count in."""
    return (next_comes(status),) if status.awaits_data else ()


def announcement(desk: Desk, order: Order) -> Reply:
    """What the index's chats are told: what, from when, why, under which pseudonym, and the journal's head."""
    status = desk.status()
    return Reply(
        title=loud(order_said(order, titles(desk)), status),
        text=(f"Reason: {order.reason}", f"Counts from {instant_of(order)}{UNTIL[order.kind]}."),
        note=(
            f"Ordered by {order.by}, an admin of this bot.",
            *((short_head(status.head),) if status.head else ()),
        ),
        buttons=(Button("All orders", "/audit"),),
    )


def instant_of(order: Order, zone: dt.tzinfo = dt.UTC) -> str:
    """`Tue 14 Nov 2023, 00:00 UTC`; the public announcement says it in UTC, whoever gave the order."""
    return instant(dt.datetime.combine(order.effective, dt.time(), dt.UTC), zone)


def in_public(text: str, noun: str, longest: int) -> str:
    """An admin's words on one line without control characters; BadRequest where they say nothing or too much."""
    words = " ".join(clean(text).split())
    if sum(letter.isalnum() and letter not in FILLERS for letter in words) < SHORTEST:
        raise BadRequest(f"A {noun} has at least {SHORTEST} letters or digits: it is public, and stays in the journal.")
    if len(words) > longest:
        raise BadRequest(f"A {noun} has at most {longest} characters, and this one has more: say it shorter.")
    return words


def reason_from(text: str) -> str:
    """A person's reason, fit for the journal."""
    return in_public(text, "reason", LONGEST)


def _refuse_stranger(desk: Desk, deed: Deed, kind: TokenKind) -> None:
    """A token that an index could not hold anyway needs no order."""
    if kind is not TokenKind.COIN:
        raise BadRequest(f"{deed.symbol} is a {kind.value} token, which no index picks: there is nothing to order.")
    scope = [deed.index] if deed.index else [info.id for info in desk.indices()]
    proposed = {row.index for row in desk.proposals() if row.symbol == deed.symbol}
    if not any(index in proposed or deed.symbol in desk.members(index) for index in scope):
        where = f"the {titles(desk)[deed.index]} index" if deed.index else "any index"
        raise BadRequest(f"{deed.symbol} does not belong to {where}: there is nothing to order.")


def _complaint(desk: Desk, deed: Deed) -> str | None:
    """Why an order would change nothing, None where it does: it must count in at least one of its indices."""
    order, orders = desk.draft(deed, by=""), desk.orders()
    scope = [deed.index] if deed.index else [info.id for info in desk.indices()]
    if any(APPLIES[order.kind](orders, index, order) for index in scope):
        return None
    where = f"the {titles(desk)[deed.index]} index" if deed.index else "all indices"
    return IDLE[order.kind].format(symbol=deed.symbol, where=capital(where))


def _excluded(orders: Orders, index: str, order: Order) -> bool:
    return order.symbol in orders.excluded(index, order.effective)


def _paused(orders: Orders, index: str, order: Order) -> bool:
    return orders.paused(index, order.effective) is not None


def _rebalances(orders: Orders, index: str, order: Order) -> bool:
    return not _paused(orders, index, order) and not orders.causes(index, order.effective, late=0)


APPLIES: Mapping[OrderKind, Callable[[Orders, str, Order], bool]] = {
    "exclude": lambda orders, index, order: not _excluded(orders, index, order),
    "include": _excluded,
    "rebalance": _rebalances,
    "pause": lambda orders, index, order: not _paused(orders, index, order),
    "resume": _paused,
}
IDLE: Mapping[OrderKind, str] = {
    "exclude": "{where}: {symbol} is excluded there already, nothing was changed.",
    "include": "{where}: {symbol} is not excluded there, nothing was changed.",
    "rebalance": "{where}: a rebalance is ordered for that instant already, or trading is paused; nothing was changed.",
    "pause": "{where}: trading is paused already, nothing was changed.",
    "resume": "{where}: trading is not paused, nothing was changed.",
}

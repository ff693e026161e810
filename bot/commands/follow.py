"""/follow: the orders of a person who follows an index with so many dollars, to start today or to keep up."""

from __future__ import annotations

from bot.arguments import Misunderstood
from bot.book import Book
from bot.command import Arguments, Command, Param, Request
from bot.following import LEAST_STAKE, MIN_ORDER, Plan, Position, plan
from bot.phrases import exact_dollars, listed, percent, round_dollars, weekday_title
from bot.reply import Button, Column, Reply, Table, Tone
from bot.screen import View, fill_close, fine_print, labelled, loud, paused_line, view
from engine.level import CASH

COLUMNS = (Column("Token"), Column("Hold", "right"), Column("Change", "right"))


def run(request: Request, book: Book, arguments: Arguments) -> Reply:
    info, mode, stake = arguments.index, arguments.mode, arguments.cents
    assert info is not None and stake is not None  # both parameters are required
    shown = view(book, info, mode)
    if stake < LEAST_STAKE:
        enough = plan(shown.decision, LEAST_STAKE).enough
        amounts = [round_dollars(cents) for cents in dict.fromkeys((LEAST_STAKE, enough))]
        tail = arguments.other_mode(request)
        raise Misunderstood(
            _too_small(stake, enough, shown), [Button(said, f"/follow {info.id} {said}{tail}") for said in amounts]
        )
    return _orders(shown, stake, arguments.other_mode(request))


def _orders(shown: View, stake: int, other: str) -> Reply:
    """One screen for both: who starts reads Hold, who follows reads Change; `other` ends the next steps."""
    orders, worth = plan(shown.decision, stake), round_dollars(stake)
    week = weekday_title(shown.decision, shown.status.ledger)
    tail = f"{shown.info.id}{other}"
    return Reply(
        title=loud(
            f"Follow {shown.info.title} with {worth}, {week} ({labelled(shown.mode, shown.status)})", shown.status
        ),
        text=(
            *paused_line(shown),
            "Starting today: buy what stands under Hold.",
            _already(orders, worth, shown.decision.sequence),
        ),
        table=Table(COLUMNS, tuple(map(_row, orders.positions)), tuple(map(_tone, orders.positions))),
        after=(*_left_out(orders), *_unmoved(orders), *_stuck(orders)),
        note=(_cost_line(orders, stake), _when(shown), fine_print(shown)[0]),
        buttons=(Button("Index", f"/index {tail}"), Button("Why", f"/why {tail}"), Button("Track", f"/track {tail}")),
    )


def _too_small(stake: int, enough: int, shown: View) -> str:
    said = (
        f"{round_dollars(stake)} is too small to follow an index, because exchanges take no orders under "
        f"{round_dollars(MIN_ORDER)}: it takes {round_dollars(LEAST_STAKE)}"
    )
    if enough == LEAST_STAKE:
        return f"{said}."
    return f"{said}, and {round_dollars(enough)} for every token that {shown.info.title} holds now."


def _already(orders: Plan, worth: str, sequence: int) -> str:
    """What who follows already does; a change between weeks comes on top of the week's earlier orders."""
    since = ", with this week's earlier orders done" if sequence else ""
    does = "do what stands under Change" if any(position.order for position in orders.positions) else "nothing to do"
    return f"Following already{since} and worth {worth} now: {does}."


def _row(position: Position) -> tuple[str, ...]:
    name = "cash" if position.symbol == CASH else position.symbol
    return name, exact_dollars(position.hold), _change(position)


def _change(position: Position) -> str:
    """`buy $71.50`, `sell $12.00`, `hold`; stablecoins, which pay for the rest, `+$40.00`."""
    if position.stuck:
        return "cannot sell"
    if position.order == 0:
        return "hold"
    size = exact_dollars(abs(position.order))
    if position.stable:
        return f"{'+' if position.order > 0 else '-'}{size}"
    return f"{'buy' if position.order > 0 else 'sell'} {size}"


def _tone(position: Position) -> Tone:
    if position.stuck:
        return "strong"
    if position.stable or position.order == 0:
        return "plain"
    return "good" if position.order > 0 else "bad"


def _left_out(orders: Plan) -> tuple[str, ...]:
    """`Under $10, so left out: GMX and XVS. Their $14.20 waits in stablecoins; $720 holds every token.`"""
    if not orders.left_out:
        return ()
    said = f"Under {round_dollars(MIN_ORDER)}, so left out: {listed(orders.left_out)}."
    its = "Its" if len(orders.left_out) == 1 else "Their"
    waits = f"{its} {exact_dollars(orders.left_out_cents)} waits in stablecoins"
    return (f"{said} {waits}; {round_dollars(orders.enough)} is enough for every token.",)


def _unmoved(orders: Plan) -> tuple[str, ...]:
    if not orders.unmoved:
        return ()
    return (f"Changes under {round_dollars(MIN_ORDER)} are not made: {listed(orders.unmoved)}.",)


def _stuck(orders: Plan) -> tuple[str, ...]:
    """Who starts today cannot buy what has stopped."""
    stuck = [position for position in orders.positions if position.stuck]
    if not stuck:
        return ()
    names, money = listed(p.symbol for p in stuck), exact_dollars(sum(p.hold for p in stuck))
    return (f"{names} cannot be traded: who starts today keeps that {money} in stablecoins.",)


def _cost_line(orders: Plan, stake: int) -> str:
    """`Costs about $1.71 (0.34 %) to start, $0.84 for the changes, on top of these amounts.`"""
    if not orders.cost_of_start:
        return "Costs nothing: there is no token to buy."
    start = f"{exact_dollars(orders.cost_of_start)} ({percent(orders.cost_of_start / stake, 2)}) to start"
    changes = f", {exact_dollars(orders.cost_of_orders)} for the changes" if orders.cost_of_orders else ""
    return f"Costs about {start}{changes}, on top of these amounts."


def _when(shown: View) -> str:
    if shown.stored.settlement is None:
        return f"The index itself trades at {fill_close(shown)}."
    return f"The index itself traded at {fill_close(shown)}: prices have moved since."


COMMAND = Command(
    name="follow",
    help="The orders to follow an index with your dollars",
    run=run,
    example="/follow defi 500",
    params=(
        Param("index", "an index", "index", required=True),
        Param("dollars", "an amount of dollars", "dollars", required=True),
        Param("mode", "a risk mode", "mode"),
    ),
    menu=False,
)

"""What is cried: an index's week (the /index screen), a change between weeks (an alert), a change of the method."""

from __future__ import annotations

from bot.book import Book
from bot.phrases import clipped, sentence, short_head
from bot.reply import Button, Reply
from bot.screen import (
    LONGEST_CAUSE,
    STAKE,
    View,
    cause_lines,
    compose,
    fill_line,
    fine_print,
    level_line,
    paused_line,
    reason_lines,
    share,
    shares,
    stable_line,
    title,
    view,
    week_line,
)
from bot.words import TRIGGERS
from engine.errors import UnknownIndex
from engine.method import version_of
from engine.model import Action, Decision


def announce(book: Book, index: str, mode: str) -> Reply:
    """Say the newest decision as it stood at its instant; NotEnoughData where there is none."""
    info = next((info for info in book.indices() if info.id == index), None)
    if info is None:
        raise UnknownIndex(f"There is no index called {index!r} to announce.")
    stored = book.decision(index, mode)
    shown = view(book, info, mode, before=stored.decision.date if stored else None)
    if shown.decision.sequence:
        return _alert(shown)
    return compose(shown, buttons(index)) if shown.decision.trades else _quiet(shown)


def method_notice(old: str, new: str) -> Reply:
    """Say that the rules changed, from one stamp (engine.method.stamp) to the next; ValueError where they did not."""
    if old == new:
        raise ValueError(f"the method did not change: {new}")
    before, after = version_of(old), version_of(new)
    where = "What and why stands in docs/methodology.md and CHANGELOG.md."
    if before == after:
        said = f"The rules' tables or code changed within method {after}."
    else:
        said = f"The method changed from {before} to {after}."
    return Reply(
        title=f"Method {after}: the rules changed",
        text=(said, where, "Decisions before this one followed the old one."),
        note=(f"Fingerprint now {new.split(' ', 1)[-1]}",) if " " in new else (),
        buttons=(Button("What is the method?", "/explain method"),),
    )


def no_change(title: str, says: str) -> Reply:
    """Say why an index is not decided this week at all, once its wait is over."""
    return Reply(
        title=f"{title}: no change this week",
        text=(says, "A week is decided only where fresh prices are known of 95 % of an index's capitalisation."),
        buttons=(Button("Status", "/status"),),
    )


def buttons(index: str, mode: str = "") -> tuple[Button, ...]:
    """What one may ask next; `mode` only where it is not the chat's own."""
    tail = f"{index} {mode}".strip()
    asked = tuple(
        Button(label, f"/{command} {tail}")
        for label, command in (("Why", "why"), ("Chart", "track"), ("Signals", "signals"))
    )
    return (*asked, Button("Follow", f"/follow {index} {STAKE:.0f} {mode}".strip()))


def _quiet(shown: View) -> Reply:
    """A week without trades: level, week, and one line of fine print."""
    return Reply(
        title=title(shown),
        text=(*paused_line(shown), level_line(shown), f"{week_line(shown)} {fill_line(shown)}"),
        note=_small_print(shown),
        buttons=buttons(shown.info.id),
    )


def _alert(shown: View) -> Reply:
    """A change between weeks: its cause, what was traded for it, the stablecoins, and where the index stands."""
    decision = shown.decision
    return Reply(
        title=title(shown),
        text=(*cause_lines(decision), *_step_line(decision)),
        after=(
            *_gone_lines(decision),
            *reason_lines(decision),
            *(stable_line(decision, sized=False) if decision.trades else ()),
            level_line(shown),
            fill_line(shown),
        ),
        note=_small_print(shown),
        buttons=(*_what_is(decision), *buttons(shown.info.id)),
        tone="strong",
    )


def _step_line(decision: Decision) -> tuple[str, ...]:
    """`Risk moved from normal to raised.`, where the ladder moved with a rebalance that an admin ordered."""
    risk = decision.risk
    if risk is None or risk.previous_step in (None, risk.step):
        return ()
    if not any(cause.trigger == "order" for cause in decision.causes):
        return ()
    return (f"Risk moved from {risk.previous_step.value} to {risk.step.value}.",)


def _gone_lines(decision: Decision) -> tuple[str, ...]:
    """`Sold CRV (4 %): hardly traded.`, the reason unless a cause says it; `LUNC cannot be sold and stays at 12 %.`"""
    told = {cause.about for cause in decision.causes}
    lines = []
    for holding, before, now in shares(decision):
        if holding.action is Action.STUCK:
            lines.append(f"{holding.symbol} cannot be sold and stays at {share(now, holding.weight)}.")
        elif holding.action is Action.SELL and not holding.stable:
            because = "" if holding.symbol in told or not holding.reason else f": {holding.reason}"
            lines.append(
                sentence(
                    clipped(f"Sold {holding.symbol} ({share(before, holding.from_weight)}){because}", LONGEST_CAUSE)
                )
            )
    return tuple(lines)


def _what_is(decision: Decision) -> tuple[Button, ...]:
    """A button to the word for each kind of cause."""
    words = dict.fromkeys(TRIGGERS[cause.trigger] for cause in decision.causes if cause.trigger in TRIGGERS)
    return tuple(Button(f"What is “{word}”?", f"/explain {word}") for word in words)


def _small_print(shown: View) -> tuple[str, ...]:
    """Simulated, method and the journal's head in one line."""
    return (f"{fine_print(shown)[0]} · {short_head(shown.stored.head)}",)

"""/risk: an index's risk score, its parts, the step of the ladder, and what each step does; or all indices' steps."""

from __future__ import annotations

from bot.book import Book, IndexInfo, decided, first_comes
from bot.command import Arguments, Command, Param, Request
from bot.phrases import capital, percent
from bot.reply import Button, Column, Reply, Table, Tone
from bot.screen import in_stablecoins, labelled, loud
from engine.model import RiskComponent, RiskReading, RiskStep
from engine.modes import Mode
from engine.modes import mode as rules_of

CALM, DANGER = 34, 66  # where a part's colour turns


def run(request: Request, book: Book, arguments: Arguments) -> Reply:
    if arguments.index is None:
        return _overview(book, arguments.mode)
    return _ladder(book, arguments.index, arguments.mode)


def _ladder(book: Book, info: IndexInfo, mode: str) -> Reply:
    decision, status = decided(book, info, mode).decision, book.status()
    risk = decision.risk
    title = loud(f"Risk of the {info.title} index ({labelled(mode, status)})", status)
    if risk is None:
        return Reply(title=title, text=("No risk was read for this decision.",))
    return Reply(
        title=title,
        text=(_step_line(risk, in_stablecoins(decision)), capital(risk.reason)),
        table=_parts(risk.components),
        after=("What each step does:", *_steps(rules_of(mode), risk.step)),
        note=("Up at once; down one step at a time, after two weeks and when the score has fallen clearly.",),
        buttons=(Button("Index", f"/index {info.id}"), Button("What is a step?", "/explain step")),
    )


def _step_line(risk: RiskReading, held: int) -> str:
    """`Step: raised (was normal). Score 47 of 100 asks for 25 % in stablecoins; held: 30 %.`"""
    was = f" (was {risk.previous_step.value})" if risk.previous_step not in (None, risk.step) else ""
    asked = f"Score {risk.score:.0f} of 100 asks for {percent(risk.stablecoin_share)} in stablecoins"
    return f"Step: {risk.step.value}{was}. {asked}; held: {held} %."


def _parts(components: tuple[RiskComponent, ...]) -> Table | None:
    if not components:
        return None
    ranked = sorted(components, key=lambda c: -c.score * c.weight)
    return Table(
        (Column("Part"), Column("Score", "right"), Column("Weight", "right"), Column("Reading")),
        tuple((c.name, f"{c.score:.0f}", percent(c.weight), c.text) for c in ranked),
        tuple(_tone(c.score) for c in ranked),
    )


def _tone(score: float) -> Tone:
    if score >= DANGER:
        return "bad"
    return "good" if score < CALM else "plain"


def _steps(rules: Mode, now: RiskStep | None = None) -> list[str]:
    lines = []
    for step in RiskStep:
        here = " (now)" if step is now else ""
        least = percent(rules.stablecoin_share(step))
        lines.append(f"{step.value}{here}: score from {rules.threshold(step):.0f}, at least {least} in stablecoins")
    return lines


def _overview(book: Book, mode: str) -> Reply:
    rows = []
    for info in book.indices():
        stored = book.decision(info.id, mode)
        risk = stored.decision.risk if stored else None
        share = f"{in_stablecoins(stored.decision)} %" if stored else ""
        rows.append((info.title, risk.step.value if risk else "not yet", f"{risk.score:.0f}" if risk else "", share))
    columns = (Column("Index"), Column("Step"), Column("Score", "right"), Column("Stablecoins", "right"))
    status = book.status()
    return Reply(
        title=loud(f"Risk ({labelled(mode, status)})", status),
        table=Table(columns, tuple(rows)),
        after=("What each step does:", *_steps(rules_of(mode))),
        note=(first_comes(book),),
        buttons=tuple(Button(info.title, f"/risk {info.id}") for info in book.indices()),
    )


COMMAND = Command(
    name="risk",
    help="How dangerous the market looks, and what that does",
    run=run,
    example="/risk defi",
    params=(Param("index", "an index", "index"), Param("mode", "a risk mode", "mode")),
)

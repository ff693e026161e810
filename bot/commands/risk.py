"""/risk: an index's risk score, its parts, the step of the ladder, and what each step does; or all indices' steps."""

from __future__ import annotations

from bot.book import Book, IndexInfo, decided, first_comes
from bot.command import Arguments, Command, Param, Request
from bot.drawings import HISTORY
from bot.phrases import capital, counted, day, listed, percent
from bot.reply import Button, Column, Reply, Table, Tone
from bot.screen import in_stablecoins, labelled, loud
from engine.ladder_record import FALL, LadderRecord, Outcome, ladder_moves, ladder_record
from engine.model import PASSIVE, RiskComponent, RiskReading, RiskStep
from engine.modes import Mode, mode as rules_of

PARTS = "Of each part: its score from 0 to 100, what it reads, and how much it weighs."
MOST_CRIES = 4  # lines of what was cried lately
CALM, DANGER = 34, 66  # where a part's colour turns
SAID: dict[Outcome, tuple[str, str]] = {  # how many came out so, of one and of several; those of none are not said
    "helped": ("helped after costs", "helped after costs"),
    "false alarm": ("was a false alarm", "were false alarms"),
    "moved nothing": ("moved nothing", "moved nothing"),
    "still open": ("is still open", "are still open"),
}


def run(request: Request, book: Book, arguments: Arguments) -> Reply:
    if arguments.index is None:
        return _overview(book, arguments.mode, arguments.other_mode(request))
    return _ladder(book, arguments.index, arguments.mode, arguments.other_mode(request))


def _ladder(book: Book, info: IndexInfo, mode: str, other: str) -> Reply:
    decision, status = decided(book, info, mode).decision, book.status()
    risk = decision.risk
    title = loud(f"Risk of the {info.title} index ({labelled(mode, status)})", status)
    if risk is None:
        return Reply(title=title, text=("No risk was read for this decision.",))
    return Reply(
        title=title,
        text=(
            _step_line(risk, in_stablecoins(decision)),
            capital(risk.reason),
            *book.cries(info.id, mode)[:MOST_CRIES],
            *record_lines(_record(book, info, mode)),
        ),
        table=_parts(risk.components),
        after=(_steps(rules_of(mode)),),
        note=(
            PARTS,
            "Up at once; down one step at a time, on a Monday, after a week and when the score has fallen clearly.",
        ),
        buttons=(Button("Index", f"/index {info.id}{other}"), Button("What is a step?", "/explain step")),
    )


def _step_line(risk: RiskReading, held: int) -> str:
    """`Step: raised (was normal), score 47 of 100. Asked for in stablecoins: 25 %; held: 30 %.`

    What is asked for is more than the step's own share where the volatility asks for more.
    """
    was = f" (was {risk.previous_step.value})" if risk.previous_step not in (None, risk.step) else ""
    asked = f"Asked for in stablecoins: {percent(risk.stablecoin_share)}; held: {held} %."
    return f"Step: {risk.step.value}{was}, score {risk.score:.0f} of 100. {asked}"


def _record(book: Book, info: IndexInfo, mode: str) -> LadderRecord:
    history = reversed(book.history(info.id, mode, HISTORY))
    moves = ladder_moves((stored.decision, stored.settlement) for stored in history)
    return ladder_record(moves, book.levels(info.id, PASSIVE))


def record_lines(record: LadderRecord) -> tuple[str, ...]:
    """How the ladder did so far: `Of 14 risk-offs since 4 Jan 2021, 6 helped after costs and 8 were false alarms.`"""
    if record.since is None:
        return ()
    since = day(record.since)
    if not record.risk_offs:
        return (f"No risk-off since {since}.", *_late_line(record))
    counts = [(record.count(outcome), words) for outcome, words in SAID.items()]
    outcomes = listed(f"{n} {words[n != 1]}" for n, words in counts if n)
    return (f"Of {counted(len(record.risk_offs), 'risk-off')} since {since}, {outcomes}.", *_late_line(record))


def _late_line(record: LadderRecord) -> tuple[str, ...]:
    past, falls = record.median_past, sum(fall.past is not None for fall in record.falls)
    if past is None:
        return ()
    late = f"{percent(past)} of the fall was past by the first step up ({counted(falls, 'fall')})"
    return (f"When just holding fell {percent(FALL)} or more, typically {late}.",)


def _parts(components: tuple[RiskComponent, ...]) -> Table | None:
    if not components:
        return None
    ranked = sorted(components, key=lambda c: -c.score * c.weight)
    return Table(
        (Column("Part"), Column("Reading")),
        tuple((f"{c.name} {c.score:.0f}", f"{c.text} ({percent(c.weight)})") for c in ranked),
        tuple(_tone(c.score) for c in ranked),
    )


def _tone(score: float) -> Tone:
    if score >= DANGER:
        return "bad"
    return "good" if score < CALM else "plain"


def _steps(rules: Mode) -> str:
    """`At least in stablecoins, by score: normal 0 %; raised (from 40) 25 %; high (from 55) 50 %.`"""
    steps = [
        f"{step.value}{f' (from {rules.threshold(step):.0f})' if rules.threshold(step) else ''} "
        f"{percent(rules.stablecoin_share(step))}"
        for step in RiskStep
    ]
    return f"At least in stablecoins, by score: {'; '.join(steps)}."


def _overview(book: Book, mode: str, other: str) -> Reply:
    rows = []
    for info in book.indices():
        stored = book.decision(info.id, mode)
        risk = stored.decision.risk if stored else None
        share = f"{in_stablecoins(stored.decision)} %" if stored else ""
        rows.append((info.title, risk.step.value if risk else "not yet", f"{risk.score:.0f}" if risk else "", share))
    cried = list(dict.fromkeys(line for info in book.indices() for line in book.cries(info.id, mode)))
    columns = (Column("Index"), Column("Step"), Column("Score", "right"), Column("Stable", "right"))
    status = book.status()
    return Reply(
        title=loud(f"Risk ({labelled(mode, status)})", status),
        table=Table(columns, tuple(rows)),
        after=(*cried[:MOST_CRIES], _steps(rules_of(mode))),
        note=(first_comes(book),),
        buttons=tuple(Button(info.title, f"/risk {info.id}{other}") for info in book.indices()),
    )


COMMAND = Command(
    name="risk",
    help="How dangerous the market looks, and what that does",
    run=run,
    example="/risk defi",
    params=(Param("index", "an index, or all", "scope"), Param("mode", "a risk mode", "mode")),
)

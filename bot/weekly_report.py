"""Shows what a run of the weekly job did, to a person and to a program."""

from __future__ import annotations

from typing import Any

from rich.console import Console

from bot.weekly import Week
from engine.comparators import COMPARATORS
from engine.model import Decision, iso_week


def print_week(week: Week, console: Console, dry_run: bool) -> None:
    """One line an index and mode, then the journal's head."""
    name = iso_week(week.as_of)
    if week.already_decided:
        console.print(f"Week {name} is already decided in the {week.ledger} ledger; nothing to do.", highlight=False)
        return
    for notice in week.notices:
        console.print(*notice.lines(), sep="\n", markup=False, highlight=False)
    for alert in week.alerts:
        console.print(f"For admins: {alert.text}", markup=False, highlight=False)
    for decision in week.decisions:
        if decision.mode in COMPARATORS:
            continue
        held = sum(1 for line in decision.holdings if line.weight > 0 and not line.stable)
        step = decision.risk.step.value if decision.risk else "-"
        console.print(
            f"{_named(decision)} {held:2} held, stablecoins {decision.stablecoin_share:4.0%}, "
            f"risk {step}, turnover {decision.turnover:.0%}",
            highlight=False,
        )
    for ready in week.waiting:
        console.print(ready.says, markup=False, highlight=False)
    if not week.decisions and not week.waiting and not week.notices:
        console.print(f"{week.as_of}: no written trigger calls for a decision.", highlight=False)
    if dry_run:
        console.print("Dry run: nothing was stored.")
    elif week.head:
        console.print(f"Journal head ({week.ledger}): {week.head}", highlight=False, soft_wrap=True)


def _named(decision: Decision) -> str:
    """Index and mode, with the day of a decision between weeks."""
    between = f" {decision.date} ({decision.sequence})" if decision.sequence else ""
    return f"{decision.index:6} {decision.mode:13}{between}"


def week_to_dict(week: Week) -> dict[str, Any]:
    """The shape of `crier week --json`: see docs/cli.md."""
    return {
        "week": iso_week(week.as_of),
        "date": week.as_of.isoformat(),
        "ledger": week.ledger,
        "already_decided": week.already_decided,
        "head": week.head,
        "decisions": [
            {
                "index": d.index,
                "mode": d.mode,
                "date": d.date.isoformat(),
                "sequence": d.sequence,
                "causes": [cause.text for cause in d.causes],
                "risk_score": round(d.risk.score, 2) if d.risk else None,
                "risk_step": d.risk.step.value if d.risk else None,
                "stablecoin_share": round(d.stablecoin_share, 6),
                "turnover": round(d.turnover, 6),
                "cost_estimate": round(d.cost_estimate, 8),
                "holdings": [
                    {
                        "symbol": h.symbol,
                        "from_weight": round(h.from_weight, 6),
                        "weight": round(h.weight, 6),
                        "action": h.action.value,
                        "rule": h.rule,
                        "stable": h.stable,
                    }
                    for h in d.holdings
                ],
            }
            for d in week.decisions
        ],
        "notices": [notice.lines() for notice in week.notices],
        "waiting": [{"index": r.index, "share": round(r.share, 4), "says": r.says} for r in week.waiting],
        "alerts": [alert.text for alert in week.alerts],
    }

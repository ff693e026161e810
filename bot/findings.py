"""Says in plain sentences what a backtest found, what it did not, and how sure that is; shortfalls in the same size."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from bot.plots.svg import MINUS, signed
from engine.skill import NO_SKILL

NARROW = "\N{NO-BREAK SPACE}"  # a number and its sign stay on one line
SURE_T = 2.0
SURE = 0.95

Rows = Sequence[Mapping[str, Any]]


class Finding(NamedTuple):
    """A sentence or two with the words that carry them in front, and whether they speak for the method."""

    head: str
    text: str
    good: bool


def findings(summary: Mapping[str, Any], mode: str, titles: Mapping[str, str]) -> list[Finding]:
    """Return for risk, worst falls, order, odds, luck, and where it fell short."""
    rows = [row for row in summary["indices"] if row["mode"] == mode]
    said = [_returns(rows, mode), _falls(rows)]
    if "rank_ic" in summary["signals"]:
        said += [_order(summary["signals"]), _odds(summary["signals"])]
    return [*said, _luck(rows, summary["trials"]), *_shortfall(rows, titles)]


def _returns(rows: Rows, mode: str) -> Finding:
    """Sharpe ratios beside just holding's."""
    gaps = [row["sharpe_difference"] for row in rows]
    ahead = sum(gap["value"] > 0 for gap in gaps)
    sure = sum(is_sure(gap) for gap in gaps)
    text = (
        f"In {mode} mode, after costs, the Sharpe ratio (return for each point of risk) was above just holding's in "
        f"{_so_many(ahead, rows)}."
    )
    if ahead:
        text += f" {_beyond_chance(sure, ahead)}"
    return Finding("Return for risk.", text, 2 * ahead > len(rows))


def _so_many(count: int, rows: Rows) -> str:
    """`4 of 5 indices`, `none of 5 indices`; of a single index `the one index`, `not the one index`."""
    if len(rows) == 1:
        return "the one index" if count else "no index"
    return f"{count or 'none'} of {len(rows)} indices"


def is_sure(gap: Mapping[str, Any]) -> bool:
    """Whether the whole interval of a difference lies above zero."""
    return gap["low"] is not None and gap["low"] > 0


def _beyond_chance(sure: int, of: int) -> str:
    if not sure:
        return "Chance alone could explain it: the 90 % interval of each difference holds zero."
    where = "There" if of == 1 else f"In {'all' if sure == of else sure} of these"
    return f"{where} the whole 90 % interval of the difference lies above zero."


def _falls(rows: Rows) -> Finding:
    """Worst falls beside just holding's, and beside as many stablecoins without any timing."""
    ours, theirs, mixes = ([row[name]["drawdown"] for row in rows] for name in ("net", "passive", "diluted"))
    gaps = [row["beyond_cash"]["drawdown"] for row in rows]
    better, sure = sum(gap["value"] > 0 for gap in gaps), sum(is_sure(gap) for gap in gaps)
    beyond = f"surely so in {sure or 'none'}" if len(rows) > 1 else "surely so" if sure else "not surely so"
    text = (
        f"The worst fall was {_range(ours)}, just holding's {_range(theirs)}, and {_range(mixes)} for a mix that holds "
        f"as many stablecoins all the time. Beside that mix it was smaller in {_so_many(better, rows)}, {beyond}."
    )
    return Finding("Worst falls.", text, 2 * better > len(rows))


def _range(falls: Sequence[float]) -> str:
    mild, deep = _percent(max(falls)), _percent(min(falls))
    return mild if mild == deep else f"{mild} to {deep}"


def _percent(share: float) -> str:
    return f"{100 * share:,.0f}{NARROW}%".replace("-", MINUS)


def _order(signals: Mapping[str, Any]) -> Finding:
    """Rank IC with its interval, over time, and beyond calm beats wild."""
    known = signals["rank_ic"] > 0 and signals["rank_ic_t"] >= SURE_T
    said = (
        "Which token beats its peers over a week was told better than by chance"
        if known
        else "Which token beats its peers over a week was not told better than by chance"
    )
    low, high = signals["rank_ic_low"], signals["rank_ic_high"]
    inside = f", {signed(low, 3)} to {signed(high, 3)}" if low is not None and high is not None else ""
    halves = [ic["value"] > 0 for ic in signals["order"]["by_half_year"].values() if ic]
    text = (
        f"{said}: rank IC {signed(signals['rank_ic'], 3)} (t {signed(signals['rank_ic_t'], 1)}{inside}), "
        f"above zero in {sum(halves)} of {len(halves)} half-years."
    )
    calm = signals["order"]["beyond_calm"]
    if calm:
        left = f"{signed(calm['value'], 3)} (t {signed(calm['t'], 1)})"
        text += f" With the lead of calm tokens over wild ones taken out, {left} is left."
    return Finding("Order.", text, known)


def _odds(signals: Mapping[str, Any]) -> Finding:
    """Log loss beside the base rates', and calibration beside its noise."""
    lead, t = signals["base_log_loss"] - signals["log_loss"], signals["gain_t"]
    losses = f"log loss {signals['log_loss']:.4f} against {signals['base_log_loss']:.4f}, t {signed(t, 1)}"
    good = lead >= NO_SKILL and t >= SURE_T
    if good:
        text = f"The stated odds were better than the base rates known then ({losses})."
    elif lead <= 0:
        text = f"The stated odds were no better than the base rates known then ({losses})."
    else:
        text = f"The stated odds lead the base rates known then by {lead:.4f}, less than we call skill ({losses})."
    off, noise = signals["calibration_error"], signals["calibration_noise_high"]
    within = "within" if off <= noise else "above"
    text += (
        f" Their calibration error, {off:.3f}, is {within} what a perfect forecaster could show (up to {noise:.3f})."
    )
    return Finding("Odds.", text, good and off <= noise)


def _luck(rows: Rows, trials: int) -> Finding:
    """What is left once the number of variants tried is taken off."""
    known = [row["luck"] for row in rows if row["luck"]]
    if not known:
        return Finding("Luck.", "This history is too short to tell skill from luck.", False)
    chances = [luck["deflated"] for luck in known]
    sure, best = sum(chance >= SURE for chance in chances), max(luck["expected_best"] for luck in known)
    low, high = (f"{100 * chance:.0f} %" for chance in (min(chances), max(chances)))
    verdict = f"{_so_many(sure, rows)} passes 95 %" if sure else "that proves no index"
    text = (
        f"About {trials} variants were tried before, on years like these. Had none of them any skill, the best would "
        f"still be expected to show a Sharpe ratio of {best:.2f}. With that taken off, the chance that the true one is "
        f"above zero is {low if low == high else f'{low} to {high}'}: {verdict}."
    )
    return Finding("Luck.", text, bool(sure))


def _shortfall(rows: Rows, titles: Mapping[str, str]) -> list[Finding]:
    """The index that stood furthest behind just holding, where one did."""
    behind = [row for row in rows if row["sharpe_difference"]["value"] < 0]
    if not behind:
        return []
    worst = min(behind, key=lambda row: float(row["sharpe_difference"]["value"]))
    gap, net, twin = worst["sharpe_difference"], worst["net"], worst["passive"]
    inside = f" ({signed(gap['low'])} to {signed(gap['high'])})" if gap["low"] is not None else ""
    text = (
        f"{titles[worst['index']]}: Sharpe ratio {signed(net['sharpe'])}, just holding {signed(twin['sharpe'])}, "
        f"a difference of {signed(gap['value'])}{inside}; {_percent(net['growth'])} a year, "
        f"holding {_percent(twin['growth'])}."
    )
    return [Finding("Largest shortfall.", text, False)]

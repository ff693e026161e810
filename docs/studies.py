"""The five studies: weeks and index, the facts read from what was decided, the claims they must bear, and the words."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from replay import WEEK, Replay, StoryChanged, Told

from bot.demo import mondays as simulated_mondays
from bot.figures import Growth
from bot.phrases import day, dollars, percent, signed_percent
from bot.screen import in_stablecoins, shares
from engine.eligibility import why_not_eligible
from engine.ladder_record import ladder_moves, ladder_record
from engine.level import CASH
from engine.model import PASSIVE, RiskStep
from engine.modes import DEFAULT_MODE, mode
from engine.panel import build_panel
from engine.risk import HYSTERESIS, TREND_DAYS
from engine.themes import theme

RULES = mode(DEFAULT_MODE)
SEED = 2  # of the first few tried, one whose last weeks move about 30 points of DeFi into stablecoins

Facts = dict[str, str]


@dataclass(frozen=True)
class Study:
    """One event: the index that tells it, the Mondays decided, the words, and the announcements shown.

    `words` hold {facts} to fill in. `seed` makes a simulated market; without one it is the archive's.
    """

    id: str
    title: str
    index: str
    mondays: tuple[dt.date, ...]
    facts: Callable[[Replay], Facts]
    shown: Callable[[Replay], Sequence[Told]]
    words: str
    seed: int | None = None


# what each study tells


def of_may_2021(replay: Replay) -> Facts:
    peak, _ = replay.fall()
    early, late = replay.triggered("step_up"), replay.triggered("step_up", peak)
    second = replay.triggered("step_up", late.date + dt.timedelta(days=1))
    record = ladder_record(
        ladder_moves((told.decision, told.settlement) for told in replay.told), replay.book.levels("defi", PASSIVE)
    )
    alarm = record.risk_offs[0]
    claim(
        alarm.start == early.date and alarm.outcome == "false alarm" and alarm.end is not None, "the first a false one"
    )
    end = alarm.end or early.date
    extreme = replay.first("takes the last step", lambda told: told.step == RiskStep.EXTREME)
    claim(
        second.date == dt.date(2021, 5, 20) and extreme.date == dt.date(2021, 5, 24), "steps of the week of the crash"
    )
    return {
        "btc": lost(replay, "BTC", dt.date(2021, 5, 18), dt.date(2021, 5, 19)),
        "first_share": held(replay.told[0]),
        "early": day(early.date, peak), "end": day(end, peak),
        "early_index": between(replay.level, early.date, end), "early_twin": between(replay.twin, early.date, end),
        "late": day(late.date, peak), "late_score": f"{late.score:.0f}", "late_past": replay.past(late.date),
        "late_was": f"{stables_before(late)} %", "late_now": held(late),
        "bound": f"{RULES.steps.raised:g} + {HYSTERESIS:g}",
        "second_past": replay.past(second.date), "second_now": held(second), "extreme_now": held(extreme),
    }  # fmt: skip


def of_may_2022(replay: Replay) -> Facts:
    claim(not replay.holders("LUNC"), "nobody held LUNC")
    weeks = [dt.date(2022, 4, 11) + k * WEEK for k in range(5)]
    said = [replay.signal("LUNC", monday) for monday in weeks]
    before = [signal.steady for signal in said]
    claim(max(before) < 0, "LUNC below zero until the fall")
    against = [{reason.feature for reason in signal.reasons if reason.contribution < 0} for signal in said]
    claim(all("sma_distance_200" in reasons for reasons in against), "its long rise spoke against it every week")
    claim(said[0].conviction < min(said[3].conviction, said[4].conviction), "milder as the fall came near")
    after = [replay.signal("LUNC", weeks[4] + k * WEEK).abstained for k in range(1, 5)]
    claim(set(after) == {"nothing like it was seen in training"}, "no call of LUNC after the fall")
    panel = build_panel(replay.database.market, replay.end)
    why = [why_not_eligible(theme("large"), panel.until(d), "LUNC") for d in (weeks[4] + WEEK, weeks[4] + 3 * WEEK)]
    claim("tenfold" in why[0] and "too small" in why[1], "the bars that kept LUNC out")
    up = replay.triggered("step_up")
    extreme = replay.first("takes the last step", lambda told: told.step == RiskStep.EXTREME)
    claim(extreme.date < dt.date(2022, 5, 2), "extreme long before the fall")
    claim(means_above(up) == means_above(extreme) == 0, "Bitcoin under all its means")
    first, last = dt.date(2022, 5, 5), dt.date(2022, 5, 12)
    return {
        "then": dollars(replay.close("LUNC", first)), "later": dollars(replay.close("LUNC", last)),
        "twin_held": percent(replay.held_by_twin("LUNC", first)),
        "low": f"{min(before):.3f}", "top": f"{max(before):.3f}", "enter": f"{RULES.enter:.3f}",
        "why_first": why[0], "why_then": why[1], "why_silent": after[0] or "",
        "said_first": f"{said[0].conviction:.3f}", "said_eve": f"{said[3].conviction:.3f}",
        "said_then": f"{said[4].conviction:.3f}", "letter": said[4].grade.letter,
        "gone": lost(replay, "LUNC", first, dt.date(2022, 5, 8)), "up": day(up.date, last), "up_now": held(up),
        "extreme": day(extreme.date, last), "extreme_now": held(extreme),
        "index_week": between(replay.level, first, last), "twin_week": between(replay.twin, first, last),
    }  # fmt: skip


def of_november_2022(replay: Replay) -> Facts:
    sale = replay.first("without FTT", lambda told: not told.weight("FTT"))
    claim(replay.told[0].weight("FTT") > 0, "FTT bought in the first week")
    said = replay.signal("FTT", sale.date)
    claim(said.abstained is not None and "data points" in said.abstained, "FTT sold for want of data")
    claim(replay.held_by_twin("FTT", replay.end) == 0, "just holding held no FTT")
    claim(not any(told.weight("FTT") for told in replay.told if told.date >= sale.date), "FTT never bought again")
    up = replay.triggered("step_up")
    eve = replay.on(dt.date(2022, 11, 7))
    claim(up.date == dt.date(2022, 11, 9) and eve.after < eve.before, "down on the eve, up after the fall")
    claim(replay.level.now < replay.mix.now, "timing cost more than it saved")
    calm = replay.first("comes down", lambda told: told.step == RiskStep.HIGH)
    claim((means_above(calm), means_above(eve)) == (2, 3), "Bitcoin above two, then three of its means")
    return {
        "ftt": lost(replay, "FTT", dt.date(2022, 11, 7), dt.date(2022, 11, 9)),
        "ftt_close": dollars(replay.close("FTT", dt.date(2022, 11, 8))),
        "ftt_fill": dollars(replay.close("FTT", dt.date(2022, 11, 9))),
        "held": percent(replay.told[0].weight("FTT")), "sale": day(sale.date, up.date), "why": said.abstained or "",
        "calm": day(calm.date, up.date), "calm_was": f"{stables_before(calm)} %", "eve_now": held(eve),
        "up_now": held(up), "up_was": f"{stables_before(up)} %", "up_past": replay.past(up.date),
        "up_turnover": percent(up.decision.turnover),
        "index": signed_percent(replay.level.now - 1), "twin": signed_percent(replay.twin.now - 1),
        "mix": signed_percent(replay.mix.now - 1),
    }  # fmt: skip


def of_march_2023(replay: Replay) -> Facts:
    up, turn = replay.triggered("step_up"), replay.triggered("peg_loss")
    back = replay.first("returns to USDC", lambda told: told.weight("USDC") > 0, turn.date)
    claim(
        turn.date == dt.date(2023, 3, 12) and back.date == dt.date(2023, 3, 20), "turned on 12 March, back on the 20th"
    )
    claim(turn.weight(CASH) > 0 and turn.weight("USDT") > 0, "turned to USDT and cash")
    made, left = turned_leg(replay, turn, back), kept_leg(replay, turn, back)
    claim(left > made, "leaving the leg alone would have been better")
    eve, bottom = turn.date - dt.timedelta(days=2), turn.date - dt.timedelta(days=1)
    return {
        "usdc_low": f"${replay.close('USDC', bottom):.3f}", "dai_low": f"${replay.close('DAI', bottom):.3f}",
        "usdc_fill": f"${replay.close('USDC', turn.date):.3f}", "dai_fill": f"${replay.close('DAI', turn.date):.3f}",
        "usdc_back": f"${replay.close('USDC', back.date):.3f}", "leg": f"{stables_before(turn)} %",
        "up": day(up.date, turn.date), "up_was": f"{stables_before(up)} %", "up_now": held(up),
        "up_past": replay.past(up.date),
        "index_day": between(replay.level, eve, bottom), "twin_day": between(replay.twin, eve, bottom),
        "made": signed_percent(made - 1, 2), "left": signed_percent(left - 1, 2),
        "cost": percent((left - made) * turn.after, 2),
    }  # fmt: skip


def of_the_simulation(replay: Replay) -> Facts:
    up, monday = replay.triggered("step_up"), replay.told[-1]
    points = in_stablecoins(up.decision) - stables_before(up)
    claim(25 <= points <= 35, f"{points} points are not about 30: look for another seed")
    asked = RULES.stablecoin_share(RiskStep(up.step))
    claim(up.step == monday.step == RiskStep.RAISED and up.after > asked, "raised, and volatility asks for more")
    return {
        "up": day(up.date), "was": f"{stables_before(up)} %", "now": held(up), "points": str(points),
        "score": f"{up.score:.0f}", "bound": f"{RULES.steps.raised:g} + {HYSTERESIS:g}", "asked": percent(asked),
        "rest": percent((1 - up.after) / (1 - asked)), "past": replay.past(up.date),
        "monday_score": f"{monday.score:.0f}", "high": f"{RULES.steps.high:g}", "seed": str(SEED),
    }  # fmt: skip


def claim(holds: bool, what: str) -> None:
    """Stop where the words would no longer be true."""
    if not holds:
        raise StoryChanged(f"the page says: {what}; this is so no more")


def means_above(told: Told) -> int:
    """Above how many of its means Bitcoin stood, from the score of the trend."""
    risk = told.decision.risk
    trend = next(part.score for part in risk.components if part.name == "trend") if risk else 100.0
    return round((1 - trend / 100) * len(TREND_DAYS))


def held(told: Told) -> str:
    """The stablecoin share after a decision, as its announcement says it."""
    return f"{in_stablecoins(told.decision)} %"


def stables_before(told: Told) -> int:
    return sum(before for line, before, _ in shares(told.decision) if line.stable)


def between(path: Growth, first: dt.date, last: dt.date) -> str:
    """Change from one close to another."""
    return signed_percent(path.at(last) / path.at(first) - 1)


def lost(replay: Replay, symbol: str, first: dt.date, last: dt.date) -> str:
    return percent(1 - replay.close(symbol, last) / replay.close(symbol, first))


def kept_leg(replay: Replay, turn: Told, back: Told) -> float:
    """What a dollar of the leg would have become in what was turned away from, from fill to fill."""
    gone = {line.symbol: line.from_weight for line in turn.decision.holdings if line.stable and line.from_weight > 0}
    return _worth(replay, gone, turn.date, back.date)


def turned_leg(replay: Replay, turn: Told, back: Told) -> float:
    """What a dollar of the leg became, decision by decision."""
    path = [told for told in replay.told if turn.date <= told.date <= back.date]
    worth = 1.0
    for told, later in pairwise(path):
        leg = {line.symbol: line.weight for line in told.decision.holdings if line.stable and line.weight > 0}
        worth *= _worth(replay, leg, told.date, later.date)
    return worth


def _worth(replay: Replay, leg: dict[str, float], first: dt.date, last: dt.date) -> float:
    def ratio(symbol: str) -> float:
        return 1.0 if symbol == CASH else replay.close(symbol, last) / replay.close(symbol, first)

    return sum(weight * ratio(symbol) for symbol, weight in leg.items()) / sum(leg.values())


MAY_2021 = """\
On 12 May Tesla stopped taking Bitcoin, on the 18th Chinese finance associations warned their members off crypto, and
on the 19th Bitcoin fell by {btc} in a day. Just holding the largest DeFi tokens fell {twin_fell} from {peak} to
{trough}; the index fell {index_fell} over the same days.

Two rules were there before the ladder: volatility alone kept {first_share} in stablecoins from the first week on
(5.4), half in each of two coins (5.5). On {late} the score stood at {late_score}, past the {bound} that a change
between weeks asks for, and all holdings shrank alike (8.4): stablecoins from {late_was} to {late_now}, filled when
{late_past} of the fall was past. The crash was read at its own close: on 20 May the ladder went to high and the leg
to {second_now}, on Monday the 24th to extreme and {extreme_now} (5.2).

**What it did badly.** The step of 20 May sold the day after the crash, with {second_past} of the fall past: whoever
waits for a close sells after it (8.1). Three weeks before there had been a false alarm (5.6): up on {early}, on the
eve of a rebound, and down again on {end} (5.3); in between the index made {early_index} and just holding
{early_twin}. And most of what was saved came from stablecoins that lay there all along: beside just holding with as
many of them (the mix, 7.4) the lead is small."""

MAY_2022 = """\
From 7 May on the stablecoin of the Terra chain lost its dollar, and the coin minted to defend it, called LUNA then
and LUNC here, fell from {then} on the 5th to {later} on the 12th. It had been one of the ten largest: just holding
had {twin_held} in it, and fell {twin_fell} from {peak} to {trough}.

**No index held it, in any mode.** That was no foresight. In the five weeks before, its steady strength lay between
{low} and {top}, where 4.1 asks for {enter}: it had risen for months, and the odds lean against that. Nothing in them
knows what a peg hangs on. Terra's stablecoin is in no leg (5.5); the leg was half DAI, half USDC.

What helped was the ladder, for a reason that had nothing to do with Terra: Bitcoin stood under all four of its means,
which is half of the score (5.1). It was at high on {up} (8.4, {up_now} in stablecoins) and at extreme on {extreme}
(5.2, {extreme_now}). In the week from 5 to 12 May the index made {index_week}, just holding {twin_week}.

**What it did badly.** The odds saw nothing coming and grew milder as it came near: the strength of LUNC's week was
{said_first} on 11 April, {said_eve} on 2 May, and still {said_then}, grade {letter}, on the 9th, with {gone} of its
price of the 5th lost. After the collapse they said nothing, for four Mondays: “no call: {why_silent}” (3.5). What made
sure were plain bars: first “{why_first}” (2.7), then “{why_then}” (2.9). And an index that lies in stablecoins for
weeks is hardly one any more: a recovery would have passed it by."""

NOVEMBER_2022 = """\
On 8 November the exchange FTX stopped paying out, and on the 11th it was bankrupt. Its token FTT lost {ftt} between
the closes of 7 and 9 November; the archive's prices of it stop five days later. Just holding Large caps (which had no
FTT) fell {twin_fell} from {peak} to {trough}, the index {index_fell}.

The index held {held} of FTT in its first week here and sold it on {sale}: “no call: {why}” (3.5, 4.3). **That was
luck.** What ran out were this archive's data on FTT, not trust in it; with a full feed it might well have been held.
The rule for such a case would have come late: the fall was read at {ftt_close}, the close of the 8th, and 8.5 would
have sold at the next, at {ftt_fill}.

**What it did badly: nearly everything the ladder could.** When Bitcoin climbed back over two and then three of its
four means, it came down one step a week (5.3), on {calm} and again on 7 November, the eve of the fall: stablecoins
from {calm_was} to {eve_now}. On the 9th it stepped up by two (8.4), sold {up_turnover} of the index, from {up_was} to
{up_now} in stablecoins, and was filled at that day's close, with {up_past} of the fall past. Then it stayed up
through the rebound.

From its start here to the end the index made {index}, just holding {twin}, and just holding mixed with as many
stablecoins (7.4) {mix}: that distance is what signals and timing cost. A ladder that reads daily closes is no
protection against a fall of two days."""

MARCH_2023 = """\
On Friday 10 March Silicon Valley Bank failed with 3.3 billion dollars of USDC's reserves in it. On Saturday USDC
closed at {usdc_low}, and DAI, which stands largely on USDC, at {dai_low}. {leg} of the DeFi index lay in these two,
half in each (5.5); that day the index made {index_day}, just holding {twin_day}.

The ladder had stepped up on {up}, while DeFi already slid (8.4): stablecoins from {up_was} to {up_now}, with
{up_past} of the fall past. On 12 March, 00:00 UTC, Saturday's closes were known, and the whole leg was turned (8.7):
half to USDT and half to plain cash, because no second coin was sound. Nothing else was touched. The fill was at
Sunday's close, USDC {usdc_fill} and DAI {dai_fill}. On Monday TUSD took the place of the cash, and on 20 March, after
seven days within 1 % of a dollar, the leg went back to USDC and DAI.

**What it did badly.** The turn sold after the fright, not before it. From 12 to 20 March the turned leg made {made};
left alone it would have made {left}. That is {cost} of the index, the premium of an insurance that was not needed
this time: on Saturday nobody knew that. And the true price was higher: 6.1 counts stablecoin trades as free, which
nobody got that Sunday."""

SIMULATED = """\
Nothing in this market is real: `crier demo --seed {seed}` makes it and these decisions on any computer. Its script
lets DeFi rise calmly for a fortnight and then fall with the whole market, which the engine does not know; the seed
was chosen because it moves about 30 points in one go. Just holding fell {twin_fell} from {peak} to {trough}, where
the levels of the demo end.

On {up} the score stood at {score}, past the {bound} that a change between weeks asks for (8.4): stablecoins from
{was} to {now}, {points} points at once, every holding shrunk alike. The step itself asks for {asked} (5.2);
volatility, which had risen with the fall, kept only {rest} of the rest invested (5.4). On the Monday after, the score
of {monday_score} was under the {high} of the next step, and the weekly line only moved holdings about (4.4, 4.7).

**What it did badly.** By that fill {past} of the fall was past: {index_fell} for the index and {twin_fell} for just
holding. A ladder that reads trend, breadth and drawdown has to see a fall before it can answer it."""


def _weeks(start: dt.date, weeks: int) -> tuple[dt.date, ...]:
    return tuple(start + week * WEEK for week in range(weeks))


STUDIES = (
    Study(
        id="2021-05",
        title="May 2021: the crash",
        index="defi",
        mondays=_weeks(dt.date(2021, 4, 19), 9),
        facts=of_may_2021,
        shown=lambda replay: [
            replay.triggered("step_up", dt.date(2021, 5, 10)),
            replay.triggered("step_up", dt.date(2021, 5, 17)),
        ],
        words=MAY_2021,
    ),
    Study(
        id="2022-05",
        title="May 2022: LUNC, the old LUNA",
        index="large",
        mondays=_weeks(dt.date(2022, 4, 11), 9),
        facts=of_may_2022,
        shown=lambda replay: [replay.triggered("step_up"), replay.on(dt.date(2022, 5, 9))],
        words=MAY_2022,
    ),
    Study(
        id="2022-11",
        title="November 2022: FTT, and a ladder on the wrong foot",
        index="large",
        mondays=_weeks(dt.date(2022, 10, 3), 10),
        facts=of_november_2022,
        shown=lambda replay: [
            replay.first("without FTT", lambda told: not told.weight("FTT")),
            replay.triggered("step_up"),
        ],
        words=NOVEMBER_2022,
    ),
    Study(
        id="2023-03",
        title="March 2023: USDC loses its dollar",
        index="defi",
        mondays=_weeks(dt.date(2023, 2, 13), 9),
        facts=of_march_2023,
        shown=lambda replay: [replay.triggered("step_up"), replay.triggered("peg_loss")],
        words=MARCH_2023,
    ),
    Study(
        id="simulated",
        title="A simulated week: a third of DeFi into stablecoins",
        index="defi",
        mondays=tuple(simulated_mondays()),
        facts=of_the_simulation,
        shown=lambda replay: [replay.triggered("step_up")],
        words=SIMULATED,
        seed=SEED,
    ),
)

"""The independent checker of a quarter: it reads what arrived at both services, and none of our tables.

What was decided when it takes from the journal, what each chat wants from what people did, prices from the market.
"""

from __future__ import annotations

import datetime as dt
import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from statistics import median

from emulators.quarter import Copy, Report
from emulators.quarter_market import QuarterMarket, Shock
from emulators.quarter_people import Member

PUSHED = "Mute 7 days"  # the button under whatever is sent unasked, but in channels, where nobody asks
WEEK = re.compile(r", week (\d+)(?: \(|$)")
CHANGE = re.compile(r", week (\d+), change")
ON_A_DAY = re.compile(r", [A-Z][a-z]+ \d{1,2} [A-Z][a-z]+ 20\d\d \(")
PICTURE = re.compile(r"\) since \d{1,2} [A-Z][a-z]+ 20\d\d$")  # a chart that follows its text
MONTH = re.compile(r"^([A-Z][a-z]+ 20\d\d): ", re.MULTILINE)
NO_CHANGE = "no change this week"
TITLES = {"large": "Large caps", "defi": "DeFi", "ai": "AI", "meme": "Memecoins", "rwa": "RWA"}
DAY, WEEK_SECONDS, HALF_A_YEAR = 86400.0, 7 * 86400.0, 182 * 86400.0
IN_FLIGHT = 60.0  # seconds before a kill in which what arrived may not have been noted
WITHIN = 600.0  # seconds in which an alert must be there
MERGED = 1800.0  # seconds for which an alert may wait for others after one
AT_ONCE = 5.0
STEPS = (("to extreme", 5), ("to high", 4), ("to raised", 3))


@dataclass(frozen=True, slots=True)
class Push:
    """One unasked message: what kind of news it is, and of which week."""

    copy: Copy
    kind: str  # week, no change, watched, change, alert, notice, picture, unknown
    week: int = 0

    @property
    def title(self) -> str:
        return self.copy.text.split("\n", 1)[0]


@dataclass
class Findings:
    """`wrong` are sentences, empty where all is well; the rest is counted."""

    wrong: list[str] = field(default_factory=list)
    weeks: int = 0
    told: int = 0
    months: int = 0  # messages that told of one
    repeats: int = 0
    late: list[float] = field(default_factory=list)  # seconds of each alert that had to come
    alerts: int = 0
    suppressed: int = 0


def kind_of(copy: Copy) -> Push:
    title = copy.text.split("\n", 1)[0]
    if title.startswith("Your watched tokens"):
        return Push(copy, "watched", int(title.rsplit(" ", 1)[1]))
    if title.startswith(("Danger:", "All clear:")):
        return Push(copy, "alert")
    if found := CHANGE.search(title):
        return Push(copy, "change", int(found[1]))
    if ON_A_DAY.search(title):
        return Push(copy, "change")
    if found := WEEK.search(title):
        return Push(copy, "week", int(found[1]))
    if PICTURE.search(title):
        return Push(copy, "picture")
    if title.endswith(NO_CHANGE):
        return Push(copy, "no change")
    return Push(copy, "notice" if title.startswith("Method") else "unknown")


class Checker:
    """Holds one report to the promises of docs/delivery.md."""

    def __init__(self, report: Report, market: QuarterMarket) -> None:
        self.report = report
        self.time = report.time
        self.market = market
        self.found = Findings()
        self.pushes: dict[str, list[Push]] = defaultdict(list)
        names = {(m.platform, room): m for m in report.members for room in m.rooms}
        for copy in report.copies:
            member = names.get((copy.platform, copy.room))
            if member is not None and (PUSHED in copy.labels or member.is_channel):
                self.pushes[member.name].append(kind_of(copy))

    def check(self) -> Findings:
        for member in self.report.members:
            pushes = self.pushes[member.name]
            self._no_unknown(member, pushes)
            self._nothing_unwanted(member, pushes)
            self._quiet_hours(member, pushes)
            self._weeks(member, pushes)
            self._months(member, pushes)
            self._limit(member, pushes)
            for shock in self.report.shocks:
                self._alerted(member, pushes, shock)
        self._skipped_are_told()
        return self.found

    def _wrong(self, member: Member, says: str, second: float) -> None:
        at = f"{self.time.true(second):%a %Y-%m-%d %H:%M:%S}"
        self.found.wrong.append(f"{member.name} {member.choices.indices}: {says} ({at})")

    def _no_unknown(self, member: Member, pushes: Sequence[Push]) -> None:
        for push in pushes:
            if push.kind == "unknown":
                self._wrong(member, f"a message of no known kind: {push.copy.text[:80]!r}", push.copy.second)

    def _nothing_unwanted(self, member: Member, pushes: Sequence[Push]) -> None:
        """Who left or muted is told nothing from then on."""
        for push in pushes:
            second = push.copy.second
            if member.wants(second - AT_ONCE, second) is False:
                self._wrong(member, f"told {push.title!r} though it wants nothing", second)

    def _quiet_hours(self, member: Member, pushes: Sequence[Push]) -> None:
        for push in pushes:
            second = push.copy.second
            if not (member.is_quiet(self.time.shown(second)) and member.is_quiet(self.time.shown(second - 60))):
                continue
            if push.kind in ("alert", "change") and member.choices.danger_breaks_quiet:
                continue
            self._wrong(member, f"told {push.title!r} in its quiet hours", second)

    # --- the weeks

    def _weeks(self, member: Member, pushes: Sequence[Push]) -> None:
        for monday in self._mondays():
            year, number, _ = monday.isocalendar()
            decided = self.report.decided.get(f"{year}-W{number:02d}", {})
            began = self.time.second(monday)
            near = [p for p in pushes if abs(p.copy.second - began) < HALF_A_YEAR]  # a week's number comes every year
            of_it = [p for p in near if p.kind in ("week", "watched") and p.week == number]
            of_it += [p for p in pushes if p.kind == "no change" and began <= p.copy.second <= began + 4 * DAY]
            times = [decided[i] for i in member.choices.indices if i in decided]
            self._once(member, of_it, f"week {number}")
            for push in of_it:
                if not began <= push.copy.second <= began + 4 * DAY:
                    self._wrong(member, f"told of week {number} at another time", push.copy.second)
                if not times and push.kind == "week" and NO_CHANGE not in push.copy.text:
                    self._wrong(member, f"told of week {number}, which was not decided for it", push.copy.second)
            first = min((p.copy.second for p in of_it if p.kind == "week"), default=None)
            if times and first is None and member.wants(min(times) - AT_ONCE, min(began + 4 * DAY, self._end)):
                self._wrong(member, f"never told of week {number}", max(times))
            self.found.told += bool(times and first is not None)
            self._given_up(member, pushes, began, decided)
        self.found.weeks = len(self.report.decided)

    def _given_up(self, member: Member, pushes: Sequence[Push], began: float, decided: dict[str, float]) -> None:
        """Whose index was not decided in a week that was, hears that nothing changes."""
        for index in member.choices.indices:
            if not decided or index in decided or not member.wants(began, min(began + 3 * DAY, self._end)):
                continue
            of_it = [p for p in pushes if began <= p.copy.second <= began + 4 * DAY]
            if not any(f"{TITLES[index]}: {NO_CHANGE}" in p.copy.text for p in of_it):
                self._wrong(member, f"never told that {index} is not decided this week", began)

    def _once(self, member: Member, copies: Sequence[Push], what: str) -> None:
        """A second copy only where nobody could know that the first had arrived."""
        for push in sorted(copies, key=lambda p: p.copy.second)[:-1]:
            if self._may_repeat(push.copy):
                self.found.repeats += 1
            else:
                self._wrong(member, f"told {what} again", push.copy.second)

    def _may_repeat(self, copy: Copy) -> bool:
        if (copy.platform, copy.id) in self.report.spoilt:
            return True
        return any(0 <= kill - copy.second <= IN_FLIGHT for kill in self.report.kills)

    def _months(self, member: Member, pushes: Sequence[Push]) -> None:
        """A month is told with the first week of the next that was decided for an index, and with no other message."""
        for push in pushes:
            told = MONTH.search(push.copy.text)
            if push.kind != "week":
                if told:
                    self._wrong(member, f"told of {told[1]} in a message of its own", push.copy.second)
                continue
            monday = min(self._mondays(), key=lambda date: abs(push.copy.second - DAY - self.time.second(date))).date()
            wanted = any(self._ends_a_month(index, monday) for index in member.choices.indices)
            name = f"{monday.replace(day=1) - dt.timedelta(days=1):%B %Y}"
            if (told[1] if told else "") != (name if wanted else ""):
                self._wrong(member, f"told of {told and told[1]}, not of {wanted and name}", push.copy.second)
            self.found.months += bool(told)

    def _ends_a_month(self, index: str, monday: dt.date) -> bool:
        """Whether an index is decided on a Monday for the first time in its month, and was before that month."""
        weeks = (week for week, decided in self.report.decided.items() if index in decided)
        mondays = {dt.date.fromisoformat(f"{week}-1") for week in weeks}
        first = monday.replace(day=1)
        return monday in mondays and min(mondays) < first and not any(first <= date < monday for date in mondays)

    def _skipped_are_told(self) -> None:
        """A Monday that nothing was decided on is told to admins, and to nobody else."""
        for monday in self._mondays():
            year, number, _ = monday.isocalendar()
            if f"{year}-W{number:02d}" in self.report.decided or self.time.second(monday) + 2 * DAY > self._end:
                continue
            said = f"The week of {monday.day} {monday:%b} {monday.year} was not decided"
            if not any(said in text for text in self.report.admin):
                self.found.wrong.append(f"admins were never told that {monday.date()} was not decided")
            if monday.date() not in self.report.plan.skipped:
                self.found.wrong.append(f"{monday.date()} was not decided, and could have been")

    # --- alerts

    def _limit(self, member: Member, pushes: Sequence[Push]) -> None:
        """At most two in seven days, one of them cried, beside what is graver than all of those and what answers."""
        alerts = [p for p in pushes if p.kind in ("alert", "change") and not self._is_of_watched(member, p)]
        kept: list[Push] = []
        for push in alerts:
            if kept and any(p.title == push.title and self._may_repeat(p.copy) for p in kept[-1:]):
                continue
            second = push.copy.second
            since = second - WEEK_SECONDS + self._delay(member, second)
            before = [p for p in kept if p.copy.second > since]
            self.found.alerts += 1
            most = 1 if push.kind == "alert" else 2
            answers = push.kind == "change" and ", cried on " in push.copy.text
            if not answers and len(before) >= most and level(push) <= max(map(level, before)):
                said = [f"{p.title!r} {self.time.true(p.copy.second):%d.%m. %H:%M}" for p in before]
                self._wrong(member, f"alerted {push.title!r} beside {said}", second)
            kept.append(push)

    def _delay(self, member: Member, second: float) -> float:
        """By how much what was queued in seven days may have arrived within fewer."""
        waited = [end - max(since, second - 8 * DAY) for what, since, end in self.report.downs
                  if what in (member.platform, "service") and end > second - 8 * DAY and since < second]  # fmt: skip
        return WITHIN + (DAY / 2 if member.choices.quiet_from is not None else 0.0) + sum(waited)

    def _is_of_watched(self, member: Member, push: Push) -> bool:
        return push.kind == "alert" and any(s in push.title for s in member.choices.watches)

    def _alerted(self, member: Member, pushes: Sequence[Push], shock: Shock) -> None:
        """Whoever a shock concerns is told within ten minutes of the moment in which it is confirmed."""
        about = self._about(member, shock)
        second = self.time.second(shock.confirmed_at)
        if not about or second + 2 * 3600 > self._end or not member.wants(second - DAY, second + DAY):
            return
        alerts = [p for p in pushes if p.kind == "alert" and p.copy.second >= self.time.second(shock.at)
                  and p.title.startswith("Danger") and about in p.copy.text]  # fmt: skip
        first = min((p.copy.second for p in alerts), default=float("inf"))
        due = self._due(member, second, shock)
        if first > due + WITHIN:
            if self._is_limited(pushes, second, 2 if shock.symbols else 3):
                self.found.suppressed += 1
                return
            at = "never" if first == float("inf") else f"{self.time.true(first):%a %H:%M:%S}"
            self._wrong(member, f"not alerted of {about} in time, but {at}", second)
            return
        self.found.late.append(max(first - due, 0.0))

    def _about(self, member: Member, shock: Shock) -> str:
        """The word by which its alert is known; "" where nobody can be sure that it concerns this chat."""
        second = self.time.second(shock.confirmed_at)
        if any(since - 1200 <= second < end for what, since, end in self.report.downs if what == "service"):
            return ""  # nobody looked
        if shock.confirmed_at >= shock.until or shock.confirmed_at.hour == 0:
            return ""
        fall = self._fall(shock.confirmed_at)
        if not shock.symbols:
            return "The market falls" if fall <= -0.17 and member.choices.indices else ""
        (symbol,) = shock.symbols
        if symbol not in member.choices.watches:
            return ""
        return f"{symbol} stands at" if symbol in self.market.stables else f"{symbol} fell" if fall > -0.1 else ""

    def _fall(self, at: dt.datetime) -> float:
        """The median coin's move since the last close, by what the market truly did."""
        midnight = dt.datetime.combine(at.date(), dt.time(), dt.UTC) - dt.timedelta(seconds=1)
        pairs = [(self.market.price(s, at), self.market.price(s, midnight)) for s in self.market.coins]
        return median(now / before - 1 for now, before in pairs if now and before)

    def _due(self, member: Member, second: float, shock: Shock) -> float:
        """From when on ten minutes are counted: its service must be there, its quiet hours over, no alert just told."""
        due = second
        for _ in range(3):  # one may lead into the other
            for what, since, end in sorted(self.report.downs, key=lambda down: down[1]):
                if what in (member.platform, "service") and since <= due + WITHIN and end > due:
                    due = end
            due = self._after_quiet(member, due, bool(shock.symbols))
        others = [p.copy.second for found in self.pushes.values() for p in found
                  if p.kind == "alert" and not _about(p, shock)]  # fmt: skip
        told = [at for at in others if second - MERGED <= at < second + WITHIN]
        return max(due, max(told, default=due - MERGED) + MERGED)

    def _after_quiet(self, member: Member, second: float, only_watched: bool) -> float:
        if member.choices.danger_breaks_quiet and not only_watched:
            return second
        while member.is_quiet(self.time.shown(second)):
            second += 60.0
        return second

    def _is_limited(self, pushes: Sequence[Push], second: float, weight: int) -> bool:
        """Whether a chat had an alert in these days that is no less grave than a cry of this weight."""
        since = second - WEEK_SECONDS - DAY
        before = [p for p in pushes if p.kind in ("alert", "change") and since < p.copy.second <= second + WITHIN]
        return max(map(level, before), default=0) >= weight

    @property
    def _end(self) -> float:
        return self.time.second(self.report.plan.end)

    def _mondays(self) -> Iterator[dt.datetime]:
        for date in self.report.plan.fates:
            yield dt.datetime.combine(date, dt.time(), dt.UTC)


def _about(push: Push, shock: Shock) -> bool:
    words = shock.symbols or {"the market"}
    return push.title.startswith("Danger") and any(word in push.title for word in words)


def level(push: Push) -> int:
    """How grave an alert is, by its words."""
    text = push.copy.text.replace("to at least", "to")
    would = [weight for words, weight in STEPS if re.search(rf"isk would rise from \w+ {words}", text)]
    if would:
        return max(would)
    if push.kind == "change":
        rose = [weight for words, weight in STEPS if re.search(rf"Risk rose from \w+ {words}", text)]
        return max([*rose, 2 if "more than its peers" in text or "fell" in text or "off its dollar" in text else 1])
    if "The market falls" in text:
        return 3
    return 2 if re.search(r" fell .* far more than its peers| stands at .* off its dollar", text) else 1

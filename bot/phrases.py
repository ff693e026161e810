"""How numbers, dates and engine terms are said in chat, the same on every platform."""

from __future__ import annotations

import datetime as dt
import unicodedata
from collections.abc import Iterable, Sequence

from engine.model import Decision, Ledger, Odds, Reason, Signal
from storage.chain import short_head as short_head  # said the same here as in the journal

# Written out because strftime's month names follow the machine's locale.
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
MONTHS_WHOLE = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip
_STEERING = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
_KEPT = frozenset("\n\u200c\u200d")  # joiners are part of some scripts and emoji
TURNED = str.maketrans({"+": "UTC-", "-": "UTC+", "G": "", "M": "", "T": ""})  # Etc/GMT-2 is two hours ahead of UTC
LEADER = "BTC"  # as reasons name what the rest of the market is measured against
DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


def day(date: dt.date, near: dt.date | None = None) -> str:
    """`5 Jan`, with the year unless `near` lies in the same one."""
    short = f"{date.day} {MONTHS[date.month - 1]}"
    return short if near is not None and near.year == date.year else f"{short} {date.year}"


def instant(when: dt.datetime, zone: dt.tzinfo = dt.UTC) -> str:
    """`Mon 27 Nov 2023, 00:00 UTC`, or in another time zone with its name: `Mon 27 Nov 2023, 01:00 Berlin`."""
    there = (when if when.tzinfo else when.replace(tzinfo=dt.UTC)).astimezone(zone)
    return f"{DAYS[there.weekday()]} {day(there.date())}, {there:%H:%M} {zone_name(zone)}"


def zone_name(zone: dt.tzinfo) -> str:
    """The place that a time zone is called after, or `UTC`: abbreviations like CST mean several."""
    name = "UTC" if zone is dt.UTC else str(zone).rpartition("/")[2].replace("_", " ")
    return name.translate(TURNED) if name.startswith("GMT") else name


def percent(share: float, digits: int = 0) -> str:
    return f"{unzero(share * 100, digits)} %"


def signed_percent(share: float, digits: int = 1) -> str:
    text = unzero(share * 100, digits)
    return f"{text if text.startswith('-') else f'+{text}'} %"


def signed(value: float, digits: int = 2) -> str:
    text = unzero(value, digits)
    return text if text.startswith("-") else f"+{text}"


def unzero(value: float, digits: int) -> str:
    """Fixed digits, with `-0.0` said as `0.0`."""
    return f"{round(value, digits) + 0.0:,.{digits}f}"


def dollars(value: float) -> str:
    """Whole dollars from 100 on, cents from 1, and below that four significant digits."""
    size = abs(value)
    sign = "-" if value < 0 else ""
    if size >= 100:
        return f"{sign}${size:,.0f}"
    if size >= 1 or size == 0:
        return f"{sign}${size:,.2f}"
    decimals = min(next(n for n in range(1, 30) if size * 10**n >= 1 or n == 29) + 3, 16)
    return f"{sign}${size:.{decimals}f}"


def exact_dollars(cents: int) -> str:
    """`$1,234.50`, to the cent and whatever the size."""
    sign = "-" if cents < 0 else ""
    return f"{sign}${abs(cents) // 100:,}.{abs(cents) % 100:02d}"


def round_dollars(cents: int) -> str:
    """`$500`, with cents only where there are some."""
    return exact_dollars(cents).removesuffix(".00")


def apportion(shares: Sequence[float], total: int) -> list[int]:
    """Whole parts in proportion that sum to exactly `total`, by largest remainder; ties go to the earlier share."""
    whole_of = sum(shares)
    if whole_of <= 0:
        return [0] * len(shares)
    exact = [share / whole_of * total for share in shares]
    whole = [int(value) for value in exact]
    by_remainder = sorted(range(len(shares)), key=lambda i: (whole[i] - exact[i], i))
    for i in by_remainder[: total - sum(whole)]:
        whole[i] += 1
    return whole


def whole_percents(shares: Sequence[float]) -> list[int]:
    """Whole percents that sum to exactly 100."""
    return apportion(shares, 100)


def weekday_title(decision: Decision, ledger: Ledger) -> str:
    """`week 47`, or with the year where it is not the running one; an as-needed change is counted."""
    year, week, _ = decision.date.isocalendar()
    name = f"week {week}" if ledger == "live" else f"week {week} of {year}"
    return f"{name}, change {decision.sequence}" if decision.sequence else name


def said_of_odds(odds: Odds, base: Odds) -> str:
    """`46 % bullish (base 36 %), 30 % neutral, 24 % bearish`; the three sum to 100."""
    bullish, neutral, bearish = whole_percents([odds.bullish, odds.neutral, odds.bearish])
    return f"{bullish} % bullish (base {percent(base.bullish)}), {neutral} % neutral, {bearish} % bearish"


def telling(signal: Signal) -> list[Reason]:
    """The reasons that say something of a token: that Bitcoin follows Bitcoin says nothing."""
    return [r for r in signal.reasons if not compares_with_itself(signal.symbol, r.text)]


def compares_with_itself(symbol: str, reason: str) -> bool:
    return symbol == LEADER and LEADER in reason


def speaks(signal: Signal, against: bool, most: int = 3) -> str:
    """The strongest reasons for (or against), in plain words."""
    sided = [r for r in telling(signal) if (r.contribution < 0) == against and r.contribution != 0]
    return "; ".join(r.text for r in sorted(sided, key=lambda r: -abs(r.contribution))[:most])


def listed(words: Iterable[str], last: str = "and") -> str:
    """`a`, `a and b`, `a, b and c`."""
    items = list(words)
    return f" {last} ".join([", ".join(items[:-1]), items[-1]] if len(items) > 1 else items)


def clean(text: str) -> str:
    """Text without control characters and direction overrides, so that no name can steer a terminal or a line."""
    return "".join(c for c in text if c in _KEPT or unicodedata.category(c) not in _STEERING)


def clipped(text: str, most: int = 30) -> str:
    """A person's own words fit to be quoted back: one line, no control characters, cut where too long."""
    line = " ".join(clean(text).split())
    return line if len(line) <= most else f"{line[: most - 1]}…"


def capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def sentence(text: str) -> str:
    """Words that begin large and end with a stop."""
    said = capital(text.strip())
    return said if said.endswith((".", "!", "?")) else f"{said}."


def counted(number: int, noun: str, plural: str = "") -> str:
    """`1 week`, `12 weeks`, `2 entries`."""
    return f"{number:,} {noun if number == 1 else plural or f'{noun}s'}"

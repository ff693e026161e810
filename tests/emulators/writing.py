"""What the emulated outlets publish: a few texts a day, and the ways in which they are told wrong."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, replace

from emulators.world import World

HOURS = ("07:15:20", "09:40:05", "03:10:59", "05:00:01", "08:08:08", "11:30:30")  # of texts; all have passed at noon
USUAL = 2  # texts a day
BEGAN = 64  # days after the world's first day: an outlet shows its latest texts only
LOUD = ("decrypt", "r_defi", "t_ton", "x_defi")
SAID = (
    "Bitcoin rallies 9% to a record high",
    "Ethereum fees fall as traders wait",
    "Dogecoin crashes after exchange hack",
    "Regulator sues a crypto exchange for fraud",
    "Pepe jumps as meme tokens soar",
)


@dataclass(frozen=True)
class Told:
    """One text as an outlet tells it: `when` an ISO instant in UTC, or whatever a twist made of it."""

    outlet: str
    name: str
    when: str
    title: str
    author: str
    markup: bool = False  # the title is HTML already


TextTwist = Callable[[list[Told]], list[Told]]


def texts(world: World, outlet: str, per_day: int = USUAL) -> list[Told]:
    """What an outlet has published up to the world's today, oldest first."""
    found = []
    first = world.first + dt.timedelta(days=BEGAN)
    for age in range((world.today - first).days + 1):
        day = first + dt.timedelta(days=age)
        for number, hour in enumerate(sorted(HOURS[:per_day])):
            said = SAID[(age * 2 + number + len(outlet)) % len(SAID)]
            title = f"{said} & more, says {outlet} on {day:%d %B} “no. {number}”"
            author = f"Writer {(age + number) % 4} of {outlet}"
            found.append(Told(outlet, f"{outlet}-{day}-{number}", f"{day}T{hour}+00:00", title, author))
    return found


def told(world: World, outlet: str, per_day: int = USUAL) -> list[Told]:
    """The same as it is told: newest first, twisted where the world is."""
    return world.text_twist(texts(world, outlet, per_day))[::-1]


def _last(**changes: object) -> TextTwist:
    """Change the newest text."""
    return lambda rows: [*rows[:-1], replace(rows[-1], **changes)] if rows else rows  # type: ignore[arg-type]


def _flood(rows: list[Told]) -> list[Told]:
    """Three hundred more texts on the newest day, from one outlet of each kind."""
    if rows[-1].outlet not in LOUD:
        return rows
    day = rows[-1].when[:10]
    return rows + [
        replace(
            rows[-1],
            name=f"flood-{i}",
            title=f"Buy this coin now {i}",
            when=f"{day}T{i // 60:02d}:{i % 60:02d}:01+00:00",
        )
        for i in range(300)
    ]


HARMLESS: dict[str, TextTwist] = {  # what is stored is all the truth, whatever the telling
    "comes in no order": lambda rows: rows[::2] + rows[1::2],
    "repeats its last texts": lambda rows: rows + rows[-2:],
    "repeats an id with another title": lambda rows: [replace(rows[-1], title="Changed my mind"), *rows],
    "writes its titles in markup": lambda rows: [
        replace(row, title=f"<b>{row.title.replace('&', '&amp;')}</b><!-- x -->", markup=True) for row in rows
    ],
    "hides letters in its titles": lambda rows: [replace(row, title=f"\u200b{row.title}\u202e") for row in rows],
}
DOUBTED: dict[str, TextTwist] = {  # a part of it is not believed
    "tells of the future": _last(when="2046-03-18T09:00:00+00:00"),
    "gives no date": _last(when=""),
    "gives a date that is none": _last(when="yesterday, or so"),
    "says nothing": _last(title=""),
    "says nothing in markup": _last(title="<p> </p>", markup=True),
    "never stops talking": _last(title="Bitcoin moon " * 400),
    "lost its letters": _last(title="Bitcoin \ufffd\ufffd\ufffd rises"),
}
LOST: dict[str, TextTwist] = {  # a part of it is not asked for
    "digs up old texts": _last(when="1999-12-31T23:00:00+00:00"),
    "digs up texts of before there was a market": _last(when="1969-12-31T23:00:00+00:00"),
    "lacks its last texts": lambda rows: rows[:-3],
}
FLOODS: dict[str, TextTwist] = {"floods": _flood}

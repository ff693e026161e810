"""What the seed has in store for each simulated token: size, temper, birth, death, holes, and the days of disaster."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from engine.model import TokenKind
from engine.sources.simulated_names import LEADER, SECOND, WRAPPED, Part

Array = NDArray[np.float64]
Rows = NDArray[np.intp]
Flags = NDArray[np.bool_]


class Stream(IntEnum):
    """One stream of random numbers per purpose, so that a change to one leaves the others as they were."""

    FATES = 0
    EVENTS = 1
    REGIMES = 2
    SHOCKS = 3
    FUNDAMENTALS = 4
    VOLUMES = 5
    RANGES = 6
    FLOWS = 7
    MACRO = 8
    NEWS = 9
    STORY = 10
    POSTS = 11


def draw_from(seed: int, stream: Stream) -> np.random.Generator:
    """The random numbers of one purpose."""
    return np.random.default_rng([seed, int(stream)])


EVENTS_FROM, EVENTS_TO = 0.2, 0.85  # disasters strike in this part of the history
EVENTS_REST = 100  # and never in its last days, which belong to the story
YOUNG, YOUNG_DAYS = 3, (20, 80)  # tokens too young for an index at the end, and their age
FROM_START = 5  # the largest of each theme exist from the first day; DeFi, which the story needs, with this many more
DEFI_MORE = 4
LATE_CHANCE = 0.6  # of the others, how many are born later
QUIET_END = 150  # rows before the end in which nothing but the young is born

BETA = {"l1": 1.05, "defi": 1.15, "ai": 1.2, "meme": 1.3, "rwa": 0.95, "": 0.95}
NOISE = {"l1": 0.024, "defi": 0.028, "ai": 0.032, "meme": 0.040, "rwa": 0.026, "": 0.024}  # own daily deviation
SIZE_NOISE = 0.0012  # each place down a theme adds this much daily deviation
GIANTS = {LEADER: (0.92, 0.006), SECOND: (1.08, 0.012)}  # beta, own daily deviation
PEG_NOISE = 0.0006  # daily deviation of a stablecoin
FIRST_PRICE = {LEADER: 30_000.0, WRAPPED: 30_000.0, SECOND: 2_000.0}
ESTIMATED, GAPPED, MOVED = 5, 6, 4  # tokens with estimated ranges, with holes, with a change of venue


@dataclass(frozen=True, slots=True)
class Disasters:
    """The three disasters: which column from which row on. The crash takes everybody, over a week."""

    crash: int
    collapse: tuple[int, int]
    depeg: tuple[int, int]
    depeg_days: int


@dataclass(frozen=True, eq=False, slots=True)
class Fates:
    """Per token (T,) unless said otherwise; rows count days from the start of the history.

    `born` to `ends` (exclusive) is when it trades. `price` and `supply` are those of the first row, `growth` the
    supply's daily growth, `turnover` the share of the capitalisation traded on a normal day. `hole`, `estimated` and
    `moved` (D, T) flag days without a candle, with an estimated range, and on the second venue.
    """

    born: Rows
    ends: Rows
    price: Array
    supply: Array
    growth: Array
    beta: Array
    noise: Array
    turnover: Array
    venue_share: Array  # (2, T): what each venue sees of a token's whole volume
    hole: Flags
    estimated: Flags
    moved: Flags
    disasters: Disasters

    @property
    def alive(self) -> Flags:
        """(D, T): born and not yet stopped."""
        rows = np.arange(len(self.hole))[:, None]
        alive: Flags = (rows >= self.born) & (rows < self.ends)
        return alive


def draw_fates(seed: int, cast: Sequence[Part], days: int) -> Fates:
    """Draw every token's lot for a history of that many days."""
    rng = draw_from(seed, Stream.FATES)
    size = len(cast)
    price = np.array([_first_price(part, rng) for part in cast])
    caps = np.array([part.start_cap for part in cast]) * np.exp(rng.normal(0, 0.15, size) * _is_small(cast))
    beta, noise = _temper(cast, rng)
    turnover = np.exp(rng.normal(np.log(0.05), 0.7, size)) * np.where(_is_stable(cast), 3.0, 1.0)
    growth = np.where(_is_small(cast), rng.uniform(0.0, 0.08, size) / 365, 0.01 / 365)
    share = np.exp(rng.normal(np.log(0.25), 0.3, size)) * np.stack([np.ones(size), rng.uniform(0.3, 2.5, size)])

    events = draw_from(seed, Stream.EVENTS)
    disasters = _disasters(cast, days, events)
    born, ends = _lives(cast, days, disasters, events)
    doomed, _ = disasters.collapse
    spared = _is_small(cast) & (np.arange(size) != doomed)  # nothing may hide the collapse
    hole, estimated, moved = _blemishes(np.flatnonzero(spared), days, born, events)
    return Fates(
        born=born, ends=ends, price=price, supply=caps / price, growth=growth, beta=beta, noise=noise,
        turnover=turnover, venue_share=np.clip(share, 0.02, 0.9), hole=hole, estimated=estimated, moved=moved,
        disasters=disasters,
    )  # fmt: skip


def event_span(days: int) -> tuple[int, int]:
    """The rows between which disasters may strike."""
    return int(EVENTS_FROM * days), max(min(int(EVENTS_TO * days), days - EVENTS_REST), int(EVENTS_FROM * days) + 2)


def _is_stable(cast: Sequence[Part]) -> Flags:
    return np.array([part.token.kind is TokenKind.STABLE for part in cast])


def _is_small(cast: Sequence[Part]) -> Flags:
    """Every coin but the two giants."""
    return np.array([part.is_coin and part.symbol not in GIANTS for part in cast])


def _first_price(part: Part, rng: np.random.Generator) -> float:
    exponent = rng.uniform(-7, -1) if part.theme == "meme" else rng.uniform(-2, 2.5)
    if part.token.kind is TokenKind.STABLE:
        return 1.0
    return FIRST_PRICE.get(part.symbol, float(10**exponent))


def _temper(cast: Sequence[Part], rng: np.random.Generator) -> tuple[Array, Array]:
    """Beta to the market and own daily deviation: small tokens are wilder."""
    beta = np.array([BETA[part.theme] for part in cast]) * np.exp(rng.normal(0, 0.12, len(cast)))
    noise = np.array([NOISE[part.theme] + SIZE_NOISE * part.place for part in cast])
    noise *= np.exp(rng.normal(0, 0.22, len(cast)))
    for column, part in enumerate(cast):
        beta[column], noise[column] = GIANTS.get(part.symbol, (beta[column], noise[column]))
    stable = _is_stable(cast)
    return np.where(stable, 0.0, beta), np.where(stable, PEG_NOISE, noise)


def _columns(cast: Sequence[Part], themes: tuple[str, ...], places: range) -> list[int]:
    return [
        column
        for column, part in enumerate(cast)
        if part.is_coin and part.symbol not in GIANTS and part.theme in themes and part.place in places
    ]


def _disasters(cast: Sequence[Part], days: int, rng: np.random.Generator) -> Disasters:
    start, stop = event_span(days)
    crash, collapse, depeg = (int(row) for row in rng.integers(start, stop, 3))
    doomed = int(rng.choice(_columns(cast, ("l1", "ai", "rwa"), range(2, 5))))
    shaken = int(rng.choice([c for c, part in enumerate(cast) if part.symbol in ("USDC", "DAI")]))
    return Disasters(crash, (doomed, collapse), (shaken, depeg), int(rng.integers(3, 6)))


def _lives(cast: Sequence[Part], days: int, disasters: Disasters, rng: np.random.Generator) -> tuple[Rows, Rows]:
    """First row and the row after the last: most are there from the start, some come late, two stop."""
    late = _columns(cast, ("l1", "ai", "meme", "rwa", ""), range(FROM_START, 99))
    late += _columns(cast, ("defi",), range(FROM_START + DEFI_MORE, 99))
    born = np.zeros(len(cast), dtype=np.intp)
    for column in late:
        row = int(rng.integers(1, max(days - QUIET_END, 2)))
        born[column] = row if rng.random() < LATE_CHANCE else 0
    young = rng.choice(_columns(cast, ("ai", "meme", "rwa"), range(7, 99)), YOUNG, replace=False)
    born[young] = days - rng.integers(*YOUNG_DAYS, YOUNG)

    ends = np.full(len(cast), days, dtype=np.intp)
    doomed, row = disasters.collapse
    ends[doomed] = row + int(rng.integers(12, 28))
    forgotten = int(rng.choice([c for c in _columns(cast, ("ai", "meme", "rwa"), range(5, 99)) if c not in young]))
    ends[forgotten] = max(int(rng.integers(*event_span(days))), 60)
    born[forgotten] = min(born[forgotten], ends[forgotten] // 3)
    return born, ends


def _blemishes(columns: Rows, days: int, born: Rows, rng: np.random.Generator) -> tuple[Flags, Flags, Flags]:
    """Holes, stretches of estimated ranges and changes of venue, each in a few of those columns."""
    hole, estimated, moved = (np.zeros((days, len(born)), dtype=np.bool_) for _ in range(3))
    chosen = rng.choice(columns, ESTIMATED + GAPPED + MOVED, replace=False)
    for column in chosen[:ESTIMATED]:
        estimated[: int(rng.uniform(0.2, 0.6) * days), column] = True
    for column in chosen[ESTIMATED : ESTIMATED + GAPPED]:
        first = min(int(born[column]) + 10, days - 20)
        for row in rng.integers(first, max(days - EVENTS_REST, first + 1), 2):
            hole[row : row + int(rng.integers(1, 16)), column] = True
    for column in chosen[ESTIMATED + GAPPED :]:
        moved[int(rng.uniform(0.3, 0.8) * days) :, column] = True
    return hole, estimated, moved

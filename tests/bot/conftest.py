"""An in-memory book made of the engine's own types, before and after the first decision, for every test of the chat."""

from __future__ import annotations

import datetime as dt
import hashlib
import math
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from functools import cache

import pytest

from bot.book import Band, DeliveryState, IndexInfo, PastCall, ProposedMember, Skill, Status, StoredDecision, Verdict
from bot.desk import Deed, Person
from bot.reply import Reply
from engine.errors import BadRequest
from engine.model import (
    PASSIVE,
    Action,
    Call,
    Decision,
    Fill,
    Grade,
    Holding,
    LevelPoint,
    MarketView,
    Odds,
    Portfolio,
    Reason,
    RiskComponent,
    RiskReading,
    RiskStep,
    Settlement,
    Signal,
    Token,
    TokenKind,
    Trade,
    WeekSignals,
)
from engine.orders import NO_ORDERS, Orders
from storage.chats import Chat
from storage.proclamations import Proclamation

MONDAY = dt.date(2023, 11, 13)
START = dt.date(2023, 1, 2)
BASE = Odds(bearish=0.30, neutral=0.34, bullish=0.36)
INDICES = (
    IndexInfo("large", "Large caps", "The market's largest coins, whatever they do."),
    IndexInfo("defi", "DeFi", "Lending, exchanges and derivatives that run on chain."),
    IndexInfo("ai", "AI", "Tokens of networks for computing, data and agents."),
    IndexInfo("meme", "Memecoins", "Coins whose product is their community."),
    IndexInfo("rwa", "RWA", "Real-world assets."),
)
TOKENS = (
    Token(1, "AAVE", "Aave", TokenKind.COIN, ("defi",)),
    Token(2, "RUNE", "THORChain", TokenKind.COIN, ("defi",)),
    Token(3, "GMX", "GMX", TokenKind.COIN, ("defi",)),
    Token(4, "LDO", "Lido DAO", TokenKind.COIN, ("defi",)),
    Token(5, "USDC", "USD Coin", TokenKind.STABLE),
    Token(6, "DAI", "Dai", TokenKind.STABLE),
    Token(7, "BEAM", "Beam", TokenKind.COIN, ("ai",)),
    Token(8, "BEAM_MW", "Beam", TokenKind.COIN, ()),
    Token(9, "XVS", "_*[<&`$x$[bold]", TokenKind.COIN, ("defi",)),
    Token(10, "SHIB", "Shiba Inu", TokenKind.COIN, ("meme",)),
    Token(11, "MEME", "Memecoin", TokenKind.COIN, ("meme",)),
    Token(12, "LEND", "Aave", TokenKind.COIN, ()),
)
FOR = Reason("return_28d", "price", 0.12, "fell less than its peers this month")
AGAINST = Reason("rsi_14", "technical", -0.05, "overbought (RSI)")
HOLDINGS = (
    Holding("AAVE", 0.20, 0.20, Action.HOLD, "band", FOR.text, Grade(57, "B+"), 0.2),
    Holding("RUNE", 0.12, 0.18, Action.BUY_MORE, "conviction", FOR.text, Grade(54, "B"), 0.1),
    Holding("GMX", 0.0, 0.143, Action.BUY_NEW, "bullish", FOR.text, Grade(53, "B"), 0.1),
    Holding("XVS", 0.40, 0.327, Action.TRIM, "risk_ladder", "a <b>\x1b[31mhostile reason", Grade(52, "B"), 0.1),
    Holding(
        "LDO", 0.28, 0.0, Action.SELL, "bearish", "turned bearish (momentum, exchange inflows)", Grade(40, "E"), -0.2
    ),
    Holding("USDC", 0.0, 0.08, Action.BUY_NEW, "stablecoin_leg", "the leg that waits", stable=True),
    Holding("DAI", 0.0, 0.07, Action.BUY_NEW, "stablecoin_leg", "the leg that waits", stable=True),
)
RISK = RiskReading(
    score=47.0,
    step=RiskStep.RAISED,
    previous_step=RiskStep.NORMAL,
    components=(
        RiskComponent("breadth", 62.0, 0.5, "39% of members above their 50-day mean"),
        RiskComponent("trend", 20.0, 0.3, "Bitcoin +0.9 deviations from its 100-day mean"),
        RiskComponent("mood", 70.0, 0.2, "Fear & Greed at 22"),
    ),
    volatility=0.61,
    stablecoin_share=0.15,
    reason="Risk is raised, which asks for 15% in stablecoins. Largest part: 39% of members above their 50-day mean.",
)


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def make_decision(
    index: str = "defi",
    mode: str = "balanced",
    date: dt.date = MONDAY,
    holdings: Sequence[Holding] = HOLDINGS,
    risk: RiskReading | None = RISK,
    notes: tuple[str, ...] = (),
) -> Decision:
    trades = tuple(Trade(h.symbol, h.weight - h.from_weight, 0.003) for h in holdings if h.weight != h.from_weight)
    return Decision(
        index, mode, date, 0, risk, tuple(holdings), trades,
        turnover=sum(abs(t.change) for t in trades) / 2, cost_estimate=0.00131 if trades else 0.0, eligible=12,
        level_net=1124.0, level_gross=1140.0, notes=notes, method="1.0",
    )  # fmt: skip


def make_settlement(decision: Decision, status: str = "filled") -> Settlement:
    fills = tuple(Fill(t.symbol, 10.0, 0.0, max(t.change, 0.0), 0.0001, status) for t in decision.trades)  # type: ignore[arg-type]
    portfolio = Portfolio(decision.date, {"AAVE": 1.0}, {"AAVE": 10.0}, {"AAVE": "2023-11-13"}, 1124.0, 1140.0, 1.0)
    return Settlement(decision.index, decision.mode, decision.date, 0, fills, decision.turnover, 0.00127, portfolio)


def make_signal(symbol: str = "AAVE", lean: float = 0.10, abstained: str | None = None) -> Signal:
    odds = BASE if abstained else Odds(0.30 - lean / 2, 0.34 - lean / 2, 0.36 + lean)
    return Signal(
        symbol, odds, BASE, None if abstained else lean, 0.0 if abstained else 3 * lean, Grade(57, "B+"),
        () if abstained else (FOR, AGAINST), abstained, 48, 62, ("on-chain",), 0.8, 92.31, 0.042,
    )  # fmt: skip


def make_week(date: dt.date = MONDAY, turned: float = 1.0) -> WeekSignals:
    leans = {"AAVE": 0.10, "RUNE": 0.06, "GMX": 0.05, "XVS": 0.04, "LDO": -0.12, "SHIB": 0.0, "BTC": 0.01}
    said = [make_signal(symbol, lean * turned) for symbol, lean in leans.items()]
    said.append(make_signal("BEAM", abstained="too little price history"))
    return WeekSignals(date, date, MarketView(0.54, 0.55, (FOR,)), tuple(said))


@cache
def make_levels(start: dt.date = START, end: dt.date = MONDAY, drift: float = 0.0004) -> tuple[LevelPoint, ...]:
    days = [start + dt.timedelta(days=i) for i in range((end - start).days)]
    return tuple(
        LevelPoint(day, 998.7 * math.exp(drift * i + 0.05 * math.sin(i / 17)), 1000.0) for i, day in enumerate(days)
    )


def make_status(**changes: object) -> Status:
    status = Status(
        simulated=False, first_date=START, last_date=MONDAY - dt.timedelta(days=1), tokens=11, candles=331_955,
        ledger="live", live_start=START, last_week="2023-W46",
        next_decision=dt.datetime(2023, 11, 20, tzinfo=dt.UTC), entries=42, head=digest("head"), refused_rows=3,
    )  # fmt: skip
    return replace(status, **changes)  # type: ignore[arg-type]


SKILL = Skill(
    weeks=150, calls=15_128, bullish_calls=212, bullish_hits=93, low=0.37, high=0.51, bullish_base=0.36, log_loss=1.085,
    base_log_loss=1.092, rank_ic=0.09, rank_ic_t=5.8, ledger="backtest", bands=(Band(52, 100, 212, 93, 0.38, 0.5),),
)  # fmt: skip


@dataclass
class FakeBook:
    """Everything a command may read, in memory; a test changes what it is about."""

    decisions: dict[tuple[str, str], list[StoredDecision]] = field(default_factory=dict)
    level_points: dict[tuple[str, str], Sequence[LevelPoint]] = field(default_factory=dict)
    week: WeekSignals | None = None
    before: WeekSignals | None = None
    past: Skill | None = None
    live: Skill | None = None
    state: Status = field(default_factory=make_status)
    verdict: Verdict = Verdict(True, 42, "9f2e" * 16, "42 entries, every fingerprint fits.")  # noqa: RUF009 - frozen
    indices_offered: Sequence[IndexInfo] = INDICES
    asked_heads: list[str | None] = field(default_factory=list)
    given: Orders = NO_ORDERS
    cried: dict[tuple[str, str], Sequence[str]] = field(default_factory=dict)
    told: dt.tzinfo = dt.UTC
    chats: dict[tuple[str, str], Chat] = field(default_factory=dict)
    waiting: dict[str, tuple[Person, Deed]] = field(default_factory=dict)
    delivered: DeliveryState = DeliveryState(0)  # noqa: RUF009 - frozen

    def indices(self) -> Sequence[IndexInfo]:
        return self.indices_offered

    def modes(self) -> Sequence[str]:
        return ("conservative", "balanced", "aggressive")

    def decision(self, index: str, mode: str) -> StoredDecision | None:
        return next(iter(self.decisions.get((index, mode), ())), None)

    def history(self, index: str, mode: str, limit: int) -> Sequence[StoredDecision]:
        return self.decisions.get((index, mode), [])[:limit]

    def levels(self, index: str, mode: str) -> Sequence[LevelPoint]:
        return self.level_points.get((index, mode), ())

    def members(self, index: str) -> Sequence[str]:
        return [t.symbol for t in TOKENS if index in t.themes or index == "large"]

    def proposals(self) -> Sequence[ProposedMember]:
        return ()

    def signals(self) -> WeekSignals | None:
        return self.week

    def previous_signals(self) -> WeekSignals | None:
        return self.before

    def call(self, signal: Signal, mode: str) -> Call:
        lean = signal.odds.bullish - signal.base.bullish
        if signal.abstained is not None:
            return Call.NO_CALL
        return Call.BULLISH if lean > 0.02 else Call.BEARISH if lean < -0.02 else Call.NEUTRAL

    def past_calls(self, symbol: str, mode: str, since: dt.date) -> list[PastCall]:
        calls = (Call.BULLISH, Call.NEUTRAL, Call.BEARISH, Call.BULLISH, Call.BULLISH)
        weeks = [MONDAY - dt.timedelta(days=7 * age) for age in range(2, 40)]
        return [PastCall(w, calls[i % 5], calls[(i + i % 3) % 5]) for i, w in enumerate(weeks) if w >= since][::-1]

    def find_tokens(self, text: str) -> Sequence[Token]:
        wanted = text.encode("utf-8").decode().casefold()  # a database cannot be asked for half a character
        return [t for t in TOKENS if wanted in (t.symbol.casefold(), t.name.casefold())]

    def token_names(self) -> Sequence[str]:
        return [name for t in TOKENS for name in dict.fromkeys((t.symbol, t.name))]

    def closes(self, symbol: str, days: int) -> Sequence[tuple[dt.date, float]]:
        first = MONDAY - dt.timedelta(days=days)
        return [(first + dt.timedelta(days=i), 80 + 10 * math.sin(i / 20) + i / 15) for i in range(days)]

    def skill(self) -> Skill | None:
        return self.past

    def skills(self) -> Sequence[Skill]:
        return [skill for skill in (self.past, self.live) if skill]

    def status(self) -> Status:
        return self.state

    def now(self) -> dt.datetime:
        return dt.datetime.combine(MONDAY, dt.time(9), dt.UTC)

    def followed(self, who: Person) -> str:
        return self.chat(who).mode or "balanced"

    @property
    def zone(self) -> dt.tzinfo:
        return self.told

    def told_in(self, zone: dt.tzinfo) -> FakeBook:
        self.told = zone  # the same book: tests patch its methods
        return self

    def chat(self, who: Person) -> Chat:
        return self.chats.get((who.platform, who.chat), Chat(who.platform, who.chat))

    def choose(self, chat: Chat) -> None:
        self.chats[chat.platform, chat.chat] = chat

    def delivery(self) -> DeliveryState:
        return self.delivered

    def linked(self, who: Person) -> Sequence[Chat]:
        return (Chat("discord", "9", title="DeFi club"),)

    def unlink(self, who: Person) -> bool:
        return True

    def link_offer(self, code: str) -> None:
        return None

    def pulse(self, who: Person) -> Reply:
        return Reply(title="Pulse of this chat", text=("3 messages this week, 1 last week.",))

    def atomic(self) -> AbstractContextManager[None]:
        return nullcontext()

    def keep(self, who: Person, deed: Deed) -> str:
        self.waiting[code := f"CODE{len(self.waiting):04d}"] = (who, deed)
        return code

    def redeem(self, who: Person, code: str) -> Deed:
        if code not in self.waiting:
            raise BadRequest("There is no such code to confirm: ask for the preview again.")
        return self.waiting.pop(code)[1]

    def knows(self, who: Person) -> tuple[bool, bool]:
        return (who.platform, who.chat) in self.chats, False

    def claim(self, who: Person, code: str) -> None:
        raise BadRequest("That code does not count: each is good for one person, once, within a day.")

    def proclamations(self) -> Sequence[Proclamation]:
        return ()

    def cries(self, index: str, mode: str) -> Sequence[str]:
        return self.cried.get((index, mode), ())

    def orders(self) -> Orders:
        return self.given

    def identities(self) -> dict[str, object]:
        return {}

    def verify(self, head: str | None) -> Verdict:
        self.asked_heads.append(head)
        return self.verdict


def make_history(index: str, mode: str, weeks: int = 12) -> list[StoredDecision]:
    """Newest first; the newest waits for its fill, risk climbs and falls on the way."""
    stored = []
    for age in range(weeks):
        step = (RiskStep.RAISED, RiskStep.NORMAL, RiskStep.HIGH, RiskStep.EXTREME)[(age // 3) % 4]
        decision = make_decision(index, mode, MONDAY - dt.timedelta(days=7 * age), risk=replace(RISK, step=step))
        settlement = make_settlement(decision) if age else None
        stored.append(StoredDecision(decision, settlement, digest(f"{index}{mode}{age}"), 42 - age))
    return stored


@pytest.fixture
def empty_book() -> FakeBook:
    """A fresh installation: history is there, nothing was decided."""
    nothing = make_status(last_week=None, live_start=None, entries=0, head=None, ledger="replay")
    return FakeBook(state=nothing, verdict=Verdict(True, 0, None, "The journal is empty."))


def make_full_book() -> FakeBook:
    """Every index but memecoins has twelve weeks of live decisions in every mode."""
    book = FakeBook(week=make_week(), before=make_week(MONDAY - dt.timedelta(days=7), turned=-1.0), past=SKILL)
    for info in INDICES:
        book.level_points[info.id, PASSIVE] = make_levels(drift=-0.0001)
        for mode in book.modes():
            if info.id != "meme":
                book.decisions[info.id, mode] = make_history(info.id, mode)
                book.level_points[info.id, mode] = make_levels()
    return book


@pytest.fixture
def book() -> FakeBook:
    return make_full_book()


@pytest.fixture(scope="session")
def make() -> type[Make]:
    """The makers of single things, for tests that change one."""
    return Make


class Make:
    """Makers by name, since a conftest cannot be imported."""

    MONDAY = MONDAY
    START = START
    HOLDINGS = HOLDINGS
    RISK = RISK
    SKILL = SKILL
    digest = staticmethod(digest)
    decision = staticmethod(make_decision)
    settlement = staticmethod(make_settlement)
    signal = staticmethod(make_signal)
    levels = staticmethod(make_levels)
    status = staticmethod(make_status)


@pytest.fixture(scope="session")
def shared_book() -> FakeBook:
    """One book for tests with many examples; they only read."""
    return make_full_book()

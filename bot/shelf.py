"""The book that commands read from, opened on the database: one ledger, live where there is one, else the replay."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from copy import copy
from functools import cache, cached_property
from typing import Self

from pydantic import TypeAdapter

from bot import cries
from bot.book import (
    DeadLetter,
    DeliveryState,
    IndexInfo,
    PastCall,
    ProposedMember,
    Silenced,
    Skill,
    Status,
    StoredDecision,
    Verdict,
)
from bot.past_rankings import caveats
from bot.phrases import capital
from bot.queue_state import queue_lines
from bot.rebuilding import with_levels
from bot.reply import Reply
from bot.source_health import source_states
from bot.universe import proposals
from engine.errors import BrokenJournal
from engine.model import LEDGERS, Call, Ledger, LevelPoint, Signal, Token, TokenKind, WeekSignals
from engine.modes import DEFAULT_MODE, mode, modes
from engine.orders import Orders
from engine.signals import call, call_of
from engine.themes import Theme, themes
from storage import decisions
from storage.audit import Identity as Person
from storage.chain import Verdict as ChainVerdict, combined
from storage.chats import Chat
from storage.database import Database

CRIED_LATELY = dt.timedelta(days=7)  # for so long it is told what the watch cried
SIGNALS_SERVE = dt.timedelta(days=7)  # so long one week's signals are decided on
KEPT = dt.timedelta(days=90)  # for which the queue keeps what was settled
MOST_DEAD = 100  # dead letters that are looked at
SKILLS = "skills"  # provenance key: the record's figures, made by the weekly job
_SKILLS = TypeAdapter(tuple[Skill, ...])

Clock = Callable[[], dt.datetime]


class DatabaseBook:
    """Implements `bot.book.Book` over a database as it stood at `now` (UTC), or as it stands whenever it is asked."""

    def __init__(
        self,
        database: Database,
        now: dt.datetime | Clock,
        ledger: Ledger | None = None,
        default_mode: str = DEFAULT_MODE,
    ) -> None:
        self._db = database
        self._now = now
        self._ledger = ledger
        self._default_mode = default_mode
        self._zone: dt.tzinfo = dt.UTC
        self._look: Callable[[], Status] = self._read_status

    @property
    def ledger(self) -> Ledger:
        return self._ledger or ("live" if self._db.decisions.live_start() else "replay")

    def indices(self) -> Sequence[IndexInfo]:
        return [IndexInfo(entry.id, entry.title, entry.description) for entry in themes().values()]

    def modes(self) -> Sequence[str]:
        return list(modes())

    def decision(self, index: str, mode: str) -> StoredDecision | None:
        found = self.history(index, mode, 1)
        return found[0] if found else None

    def history(self, index: str, mode: str, limit: int) -> Sequence[StoredDecision]:
        return [self._stored(found) for found in self._db.decisions.history(self.ledger, index, mode, limit)]

    def levels(self, index: str, mode: str) -> Sequence[LevelPoint]:
        return self._db.decisions.levels(self.ledger, index, mode)

    def members(self, index: str) -> Sequence[str]:
        entry = themes()[index]
        return [token.symbol for token in self._tokens if _belongs(token, entry)]

    def proposals(self) -> Sequence[ProposedMember]:
        return proposals(self._db, self.orders(), self.now().date())

    def signals(self) -> WeekSignals | None:
        return self._db.signals.latest(self.ledger)

    def previous_signals(self) -> WeekSignals | None:
        newest = self.signals()
        return self._db.signals.latest(self.ledger, before=newest.date) if newest else None

    def call(self, signal: Signal, mode_name: str) -> Call:
        return call(signal, mode(mode_name).margin)

    def past_calls(self, symbol: str, mode_name: str, since: dt.date) -> Sequence[PastCall]:
        margin, until = mode(mode_name).margin, self._seen_until
        return [
            PastCall(date, call_of(conviction, margin), outcome)
            for date, conviction, outcome in self._db.signals.convictions(symbol, since)
            if until is None or date <= until
        ]

    def find_tokens(self, text: str) -> Sequence[Token]:
        return self._db.market.find(text)

    def token_names(self) -> Sequence[str]:
        return self._db.market.all_names()

    def closes(self, symbol: str, days: int) -> Sequence[tuple[dt.date, float]]:
        token = self._db.market.token_ids().get(symbol)
        return self._db.market.closes(token, days, self._seen_until) if token is not None else []

    def skill(self) -> Skill | None:
        return next((skill for skill in self.skills() if skill.ledger == "backtest"), None)

    def skills(self) -> Sequence[Skill]:
        text = self._db.market.provenance(SKILLS)
        return _SKILLS.validate_json(text) if text else ()

    def status(self) -> Status:
        return self._look()

    def _read_status(self) -> Status:
        span = self._db.market.span() or (None, None)
        counts = self._db.market.counts()
        newest = self.decision(next(iter(themes())), DEFAULT_MODE)
        week = self.signals()
        return Status(
            simulated=self._db.market.is_simulated(),
            first_date=span[0],
            last_date=span[1],
            tokens=counts["tokens"],
            candles=counts["candles"],
            ledger=self.ledger,
            live_start=self._db.decisions.live_start(),
            last_week=newest.decision.week if newest else None,
            next_decision=next_decision(self.now()),
            entries=self._db.journal.count(self.ledger),
            head=self._db.journal.head(self.ledger),
            refused_rows=sum(self._db.market.refusal_counts().values()),
            dropped_features=week.dropped_features if week else (),
            quarantined=sum(self._db.sources.quarantine_counts().values()),
            caveats=caveats(self._db),
            sources=tuple(f"{state.id} {state.brief}" for state in source_states(self._db, self.now()) if state.brief),
            queues=queue_lines(self._db, self.now()),
        )

    def now(self) -> dt.datetime:
        return self._now() if callable(self._now) else self._now

    @property
    def zone(self) -> dt.tzinfo:
        return self._zone

    def told_in(self, zone: dt.tzinfo) -> Self:
        book = copy(self)
        book._zone = zone
        book._look = cache(book._read_status)
        return book

    def chat(self, who: Person) -> Chat:
        return self._db.chats.get(who.platform, who.chat)

    def delivery(self) -> DeliveryState:
        gone = [chat for chat in self._db.chats.all() if chat.silenced]
        gone.sort(key=lambda chat: chat.silenced_at.isoformat() if chat.silenced_at else "", reverse=True)
        queues = self._db.outbox.queues(self.now() - KEPT)
        return DeliveryState(
            waiting=sum(queue.waiting for queue in queues),
            oldest=min((queue.oldest for queue in queues if queue.oldest), default=None),
            maybe=sum(queue.maybe for queue in queues),
            dead=tuple(DeadLetter(d.platform, d.reason, d.at) for d in self._db.outbox.dead(MOST_DEAD)),
            silenced=tuple(Silenced(c.platform, c.title, c.silenced, c.silenced_at) for c in gone),
        )

    def pulse(self, who: Person) -> Reply:
        from bot.chat_pulse import chat_pulse  # reads the lexicon, which no other answer needs

        today = self.now().astimezone(dt.UTC).date()
        return chat_pulse(self._db, who.platform, who.chat, today, self.chat(who).pulse)

    def followed(self, who: Person) -> str:
        chosen = self._db.chats.mode(who.platform, who.chat)
        return chosen if chosen in modes() else self._default_mode

    def cries(self, index: str, mode: str) -> Sequence[str]:
        today = self.now().astimezone(dt.UTC).date()
        return cries.lines(self._db, index, mode, today - CRIED_LATELY) if self.ledger == "live" else ()

    def orders(self) -> Orders:
        return standing_orders(self._db, self.ledger)

    def verify(self, head: str | None) -> Verdict:
        """Recompute every chain and its levels; say which entry a posted head is where one is asked for, either way."""
        chain = combined([self._db.verify(ledger) for ledger in LEDGERS])
        chain = with_levels(chain, (entry for ledger in LEDGERS for entry in self._db.journal.entries(ledger)))
        return verdict(chain, self._find(head) if head is not None else None)

    def _find(self, head: str) -> ChainVerdict:
        try:
            return self._db.journal.told_of(head)
        except BrokenJournal as error:
            return ChainVerdict(False, 0, None, capital(str(error)))

    def _stored(self, found: decisions.StoredDecision) -> StoredDecision:
        """With the head that was announced; while a week is being announced, the journal's head after all of it."""
        d = found.decision
        announced = self._db.decisions.announcement(self.ledger, d.index, d.mode, d.week, d.sequence)
        head = announced.head if announced else self._db.journal.head(self.ledger)
        return StoredDecision(d, found.settlement, head or found.entry.hash, found.entry.seq)

    @cached_property
    def _tokens(self) -> Sequence[Token]:
        return self._db.market.tokens()

    @property
    def _seen_until(self) -> dt.date | None:
        """A replayed week shows no price that came after it."""
        newest = self._db.signals.latest(self.ledger)
        return newest.date if newest and self.ledger == "replay" else None


def standing_orders(database: Database, ledger: Ledger) -> Orders:
    """Admins' orders that count in a ledger; those given before the first live decision count in the live one too."""
    given = database.orders.all(ledger)
    return Orders.of([*database.orders.all("replay"), *given] if ledger == "live" else given)


def next_decision(now: dt.datetime) -> dt.datetime:
    """The next Monday 00:00 UTC after `now`."""
    days = 7 - now.weekday()
    return dt.datetime.combine(now.date() + dt.timedelta(days=days), dt.time(), dt.UTC)


def store_skills(database: Database, skills: Sequence[Skill]) -> None:
    """Keep the record's figures for /track, so that no command has to read the whole record."""
    database.market.set_provenance(SKILLS, _SKILLS.dump_json(tuple(skills)).decode())


def _belongs(token: Token, entry: Theme) -> bool:
    return token.kind is TokenKind.COIN and (entry.members == "*" or entry.members in token.themes)


def verdict(chain: ChainVerdict, found: ChainVerdict | None = None) -> Verdict:
    """Put what was found of a chain and of a posted head side by side."""
    asked = (found.ok, found.message) if found else (None, None)
    return Verdict(chain.ok, chain.entries, chain.head, chain.message, *asked)

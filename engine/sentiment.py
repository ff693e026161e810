"""Reads headlines: how kind a text is, and which tokens it speaks of."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache, cached_property, lru_cache
from typing import TYPE_CHECKING

from engine.model import Token

if TYPE_CHECKING:
    from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

LONGEST = 2000  # characters read of one text; headlines have 70
REMEMBERED = 50_000  # scored texts kept: a backtest meets each headline once per run

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff]+")


def _words(text: str) -> list[str]:
    return text.split()


# Names and tickers that are also everyday words or other brands: these need context to count as a token
AMBIGUOUS = frozenset(
    _words("""
    ace act agi ai air alice alpha amp ant ape apt ar arb arc ark audio augur ava axis bake band bat beam bell
    blur bond cake celestia chia chr comp compound convex core cortex cosmos cvc cyber dash data dent dia dot edu
    enzyme flare flow flux for front fun gala gas gods golem graph harmony hero high hive holo hook hot icon id
    iris joe just key kin land lever link loom loop luna magic maker mana mask mass meme metal min mina mint
    mirror nano near neo ocean og om one ong ontology op optimism orbs orchid pax penta people pepe perp poly power prom
    quick rad rare rats ray reef ren render rep request reserve rose rune sand sats sc secret serum sky solar
    space spell stacks star status stellar step storm sun super sushi synapse sys t the theta threshold time true
    trust venus verge vet vic waves wax win wing you zen zero
""")
)
# Names that are everyday words too, but seldom with a capital letter
LOWER_CASE = frozenset(_words("avalanche cosmos helium immutable polygon terra aptos celestia maker stargate"))
CONTEXT = _words("""
    token coin coins tokens price crypto cryptocurrency altcoin blockchain protocol network mainnet testnet chain
    dao defi dex airdrop staking stake whale whales holders wallet wallets usd usdt btc listing lists delists
    ledger foundation ecosystem tvl dapp dapps layer l1 l2
""")
_BESIDE = re.compile(rf"^\W*(?:{'|'.join(CONTEXT)})\b", re.IGNORECASE)
_BEFORE = re.compile(rf"\b(?:{'|'.join(CONTEXT)})\W*$", re.IGNORECASE)


def score(text: str) -> float:
    """Rate how kind a text is, -1 to 1, by VADER; 0 for one that says nothing."""
    return _rated(clean(text))


def clean(text: str) -> str:
    """Strip what is invisible and what is beyond any headline's length."""
    return " ".join(_CONTROL.sub(" ", text[:LONGEST]).split())


@dataclass(frozen=True)
class Names:
    """Under which names and tickers tokens are spoken of: case-folded name -> symbol, ticker -> symbol."""

    names: Mapping[str, str]
    tickers: Mapping[str, str]

    @classmethod
    def of(cls, tokens: Iterable[Token]) -> Names:
        """Gather names and symbols; a name that two tokens share belongs to neither."""
        listed = list(tokens)
        names: dict[str, set[str]] = {}
        for token in listed:
            if name := _spoken(token.name):
                names.setdefault(name, set()).add(token.symbol)
        single = {name: min(symbols) for name, symbols in names.items() if len(symbols) == 1}
        return cls(single, {token.symbol: token.symbol for token in listed})

    def find(self, text: str) -> set[str]:
        """Symbols of the tokens a text speaks of."""
        text = clean(text)
        shouted = text.upper() == text  # capitals say nothing in a text that has nothing else
        meant = (self._meant(match, shouted) for match in self._pattern.finditer(text))
        return {symbol for symbol in meant if symbol}

    def _meant(self, match: re.Match[str], shouted: bool) -> str | None:
        if match.group("cash"):
            return self.tickers.get(match.group("cash").upper())
        word = match.group("word")
        doubtful = len(word) < 3 or word.casefold() in AMBIGUOUS
        if doubtful and not _in_context(match.string, match.start(), match.end()):
            return None
        if word in self.tickers and not shouted:
            return self.tickers[word]
        return None if word in LOWER_CASE else self.names.get(word.casefold())

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        """Longest first, so that Bitcoin Cash is not Bitcoin; tickers in capitals, or in any case after $."""
        spoken, listed = _any_of(self.names), _any_of(self.tickers)
        return re.compile(rf"(?<![\w$])(?:\$(?P<cash>(?i:{listed}))|(?P<word>(?i:{spoken})|{listed}))(?!\w)")


def mentions(text: str, names: Names) -> set[str]:
    """Find the tokens a text speaks of; a word such as NEAR or ONE counts only as $NEAR, (NEAR) or in context."""
    return names.find(text)


def _in_context(text: str, start: int, end: int) -> bool:
    """True beside a word of the trade, in brackets, or as one side of a pair."""
    around = text[start - 1 : start] + text[end : end + 1]
    if around in ("()", "[]") or text[end : end + 1] == "/" or text[start - 1 : start] == "/":
        return True
    return bool(_BESIDE.match(text[end : end + 30]) or _BEFORE.search(text[max(0, start - 30) : start]))


def _spoken(name: str) -> str:
    """A name as people write it: without brackets and endings, at least three letters."""
    bare = re.sub(r"\s*\(.*?\)", "", name).strip()
    return bare.casefold() if len(bare) > 2 else ""


def _any_of(words: Iterable[str]) -> str:
    return "|".join(re.escape(word) for word in sorted(words, key=lambda w: (-len(w), w))) or "(?!)"


@cache
def _analyzer() -> SentimentIntensityAnalyzer:
    from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

    return SentimentIntensityAnalyzer()


@lru_cache(maxsize=REMEMBERED)
def _rated(text: str) -> float:
    return float(_analyzer().polarity_scores(text)["compound"]) if text else 0.0

"""Names the tokens of a listing by our symbols: ids keep theirs, the larger gets a shared ticker, renames hold."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import NamedTuple

from engine.aliases import successors

LONGEST = 24  # characters of a symbol
STUB = 10  # of an id that stand in a qualified symbol


class Listed(NamedTuple):
    """A token as a service lists it: its id there, ticker, name, and capitalisation (USD)."""

    id: str
    ticker: str
    name: str
    market_cap: float


def symbols_for(listed: Iterable[Listed], ids: Mapping[str, str], known: Collection[str]) -> dict[str, str]:
    """Our symbol of every listed id; one that is another's former self, or has no readable ticker, gets none.

    `ids` are those that were named before: an id keeps its symbol whatever its ticker becomes. `known` are the symbols
    of the database. Of tokens that share a ticker the largest has it; the others are qualified: BEAM_BEAMMW.
    """
    found = dict(ids)
    taken = set(ids.values())
    tokens = sorted(listed, key=lambda token: (-token.market_cap, token.id))
    tickers = {token.ticker.upper() for token in tokens}
    for token in tokens:
        symbol = found.get(token.id) or _symbol(token, taken, known, tickers)
        if symbol:
            found[token.id] = symbol
            taken.add(symbol)
    return {token.id: found[token.id] for token in tokens if token.id in found}


def _symbol(token: Listed, taken: Collection[str], known: Collection[str], tickers: Collection[str]) -> str | None:
    ticker = token.ticker.upper()
    if not ticker or len(ticker) > LONGEST or not ticker.isprintable() or any(c.isspace() or c == "_" for c in ticker):
        return None
    later = successors()
    if later.get(ticker) in tickers and ticker not in known:
        return None  # what is left of a token that most have changed for the current one
    if ticker not in known:
        former = next((old for old, new in later.items() if new == ticker and old in known), ticker)
        ticker = former if former not in taken else ticker
    return ticker if ticker not in taken else _qualified(ticker, token.id, {*taken, *known})


def _qualified(ticker: str, name: str, taken: Collection[str]) -> str | None:
    stub = "".join(c for c in name.upper() if c.isascii() and c.isalnum())
    return next(
        (s for length in range(STUB, len(stub) + 1) if (s := f"{ticker}_{stub[:length]}") not in taken),
        f"{ticker}_{stub}" if f"{ticker}_{stub}" not in taken else None,
    )

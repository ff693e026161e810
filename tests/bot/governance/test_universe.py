"""Proposed members: seen by admins, adopted after a week, refused with a public reason by an order like any other."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from bot.universe import adopt_proposals
from engine.model import Proposal, Token, TokenKind

PROPOSED = dt.date(2023, 11, 14)


@pytest.fixture
def proposed(office: Any) -> Any:
    """Two coins that a source counts to DeFi, and one that is a member of it already."""
    market = office.database.market
    market.put_tokens(Token(0, symbol, symbol.title(), TokenKind.COIN) for symbol in ("DYDX", "SUSHI"))
    office.database.universe.propose(
        "coingecko",
        [Proposal(symbol, "defi", "decentralized-finance-defi") for symbol in ("AAVE", "DYDX", "SUSHI")],
        PROPOSED,
    )
    return office


def lines(office: Any, text: str = "/universe") -> str:
    reply = office.say(text)
    assert reply.ok, reply.lines()
    return "\n".join(reply.lines())


def themes_of(office: Any, symbol: str) -> tuple[str, ...]:
    (token,) = (token for token in office.database.market.tokens() if token.symbol == symbol)
    return tuple(token.themes)


def adopt(office: Any, day: dt.date) -> list[str]:
    return [row.symbol for row in adopt_proposals(office.database, office.desk.orders(), day)]


def test_admins_see_who_is_proposed_from_when_it_counts_and_not_who_belongs_already(proposed: Any) -> None:
    said = lines(proposed)
    assert "DYDX" in said and "SUSHI" in said and "21 Nov" in said and "waits" in said
    assert "AAVE" not in said
    assert "Nobody is proposed" in lines(proposed, "/universe ai")


def test_members_are_not_asked(proposed: Any) -> None:
    reply = proposed.say("/universe", role="member")
    assert (reply.ok, reply.lines()) == (False, ("/universe is for an admin of this bot only.",))


def test_a_proposal_takes_effect_after_seven_days(proposed: Any) -> None:
    assert adopt(proposed, PROPOSED + dt.timedelta(days=6)) == []
    assert adopt(proposed, PROPOSED + dt.timedelta(days=7)) == ["DYDX", "SUSHI"]
    assert themes_of(proposed, "DYDX") == ("defi",)
    assert adopt(proposed, PROPOSED + dt.timedelta(days=30)) == []
    assert "counts" in lines(proposed)


def test_a_theme_that_nobody_carries_is_filled_at_once(proposed: Any) -> None:
    proposed.database.universe.propose("coingecko", [Proposal("DYDX", "ai", "artificial-intelligence")], PROPOSED)
    assert adopt(proposed, PROPOSED) == ["DYDX"]
    assert themes_of(proposed, "DYDX") == ("ai",)


@pytest.mark.rule("9.2")
def test_a_refusal_is_previewed_confirmed_public_and_journalled_like_an_exclusion(proposed: Any) -> None:
    before = proposed.everything()
    code = proposed.preview("/universe dydx defi it is a fork nobody reviews")
    assert proposed.everything() == before
    done = proposed.say(code)
    assert done.ok and done.title == "DYDX is excluded from the DeFi index"
    assert "Reason: it is a fork nobody reviews" in done.lines()
    (order,) = proposed.database.orders.all("live")
    assert (order.kind, order.index, order.symbol) == ("exclude", "defi", "DYDX")
    assert len(proposed.database.notices.since("live")) == 1
    assert adopt(proposed, PROPOSED + dt.timedelta(days=30)) == ["SUSHI"]
    assert themes_of(proposed, "DYDX") == ()
    assert "DYDX is refused: it is a fork nobody reviews" in lines(proposed)


def test_a_refusal_can_be_undone(proposed: Any) -> None:
    proposed.do("/universe dydx defi it is a fork nobody reviews")
    proposed.now += dt.timedelta(days=1)
    proposed.do("/include dydx defi reviewed by now")
    assert adopt(proposed, PROPOSED + dt.timedelta(days=9)) == ["DYDX", "SUSHI"]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("/universe aave defi no good", "AAVE is not proposed for the DeFi index. A member is kept out with /exclude."),
        ("/universe dydx ai not good enough", "DYDX is not proposed for the AI index."),
        ("/universe dydx defi", "A refusal needs a reason, which is public"),
        ("/universe because of that", "Say which token to refuse"),
    ],
)
def test_what_cannot_be_refused_is_said_in_one_sentence(proposed: Any, text: str, says: str) -> None:
    before = proposed.everything()
    reply = proposed.say(text)
    assert not reply.ok and says in " ".join(reply.lines())
    assert proposed.everything() == before

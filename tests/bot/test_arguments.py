"""Every kind of parameter offers, completes and understands."""

from __future__ import annotations

from typing import Any, get_args

import pytest

from bot.arguments import KINDS, autocomplete, choices
from bot.command import Kind, Param
from bot.commands import COMMANDS

PARAMS = [(command, param) for command in COMMANDS.values() for param in command.params]


def test_every_kind_has_its_entry() -> None:
    assert set(KINDS) == set(get_args(Kind))


@pytest.mark.parametrize(("command", "param"), PARAMS, ids=[f"{c.name}-{p.name}" for c, p in PARAMS])
def test_what_is_offered_is_understood(command: Any, param: Param, book: Any) -> None:
    from bot.arguments import understand
    from bot.dispatch import Request

    offered = [value for _, value in choices(param, book)] or autocomplete(param, book, "a")
    assert len(offered) <= 25
    place = command.params.index(param)
    before = [_fill(p, book) for p in command.params[:place] if p.required]
    after = [_fill(p, book) for p in command.params[place + 1 :] if p.required]
    request = Request(f"/{command.name}", "test", "c", "u")
    for value in offered:
        understand(command, book, request, [*before, *value.split(), *after])


def _fill(param: Param, book: Any) -> str:
    return {"index": "defi", "token": "AAVE", "dollars": "500", "scope": "all", "text": "because"}[param.kind]


def test_tokens_complete_by_prefix_shortest_first(book: Any) -> None:
    param = Param("token", "a token", "token")
    assert autocomplete(param, book, "$be") == ["BEAM", "Beam", "BEAM_MW"]
    assert autocomplete(param, book, "zzz") == []


def test_a_subject_completes_to_indices_before_tokens(book: Any) -> None:
    assert autocomplete(Param("subject", "a token or an index", "subject"), book, "a")[:2] == ["ai", "AAVE"]


def test_a_closed_list_completes_by_any_part_of_its_label(book: Any) -> None:
    assert autocomplete(Param("index", "an index", "index"), book, "caps") == ["large"]

from __future__ import annotations

import datetime as dt
import hashlib
import json
import math
from dataclasses import replace

import pytest
from hypothesis import given, strategies as st

from engine.errors import BadRequest
from engine.model import RiskStep
from storage.chain import (
    GENESIS,
    Link,
    canonical,
    entry_hash,
    head_digits,
    rounded,
    short_head,
    verify_chain,
)

plain = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**60), 2**60) | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=20,
)
bodies = st.dictionaries(st.text(max_size=8), plain, max_size=6)


def test_the_hash_is_the_one_a_stranger_computes() -> None:
    text = f'{GENESIS}\nlive\n1\ndecision\n2023-11-13\n{{"a":1}}'
    expected = hashlib.sha256(text.encode()).hexdigest()
    assert entry_hash(GENESIS, "live", 1, "decision", "2023-11-13", '{"a":1}') == expected


def test_bodies_are_written_in_one_form_only() -> None:
    body = {
        "z": 0.1 + 0.2,
        "a": [dt.date(2023, 1, 2), RiskStep.HIGH, float("nan"), float("-inf"), -0.0, True, None],
        "é": (1, 1.0, 12345678901234.5, 1e-30),
    }
    assert canonical(body) == (
        '{"a":["2023-01-02","high",null,null,0.0,true,null],"z":0.3,"é":[1,1.0,12345678901200.0,1e-30]}'
    )


@given(bodies)
def test_writing_is_stable_through_reading(body: dict[str, object]) -> None:
    text = canonical(body)
    assert canonical(json.loads(text)) == text


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_rounding_keeps_twelve_digits(value: float) -> None:
    found = rounded(value)
    assert isinstance(found, float)
    assert math.isclose(found, value, rel_tol=1e-11)
    assert rounded(found) == found


def test_what_is_no_json_is_refused() -> None:
    with pytest.raises(TypeError, match="holds no set"):
        canonical({"a": {1, 2}})


def test_a_head_is_shown_in_eight_groups_and_read_back() -> None:
    head = "4f9c02d76a1b88e0c3f519aa7d42e21a" + "0" * 32
    assert short_head(head) == "4f9c 02d7 6a1b 88e0 c3f5 19aa 7d42 e21a"
    assert head_digits(short_head(head)) == head[:32]
    assert head_digits("4F9C-02D7-6A1B-88E0-C3F5-19AA-7D42-E21A ") == head[:32]


@pytest.mark.parametrize("text", ["", "4f9c", "g" * 32, "0" * 65, "4f9c 02d7 6a1b 88e0 c3f5 19aa 7d42 e21"])
def test_what_cannot_be_a_head_is_said(text: str) -> None:
    with pytest.raises(BadRequest, match="32 to 64 hex digits"):
        head_digits(text)


FORMS = {
    "a line end in its kind": ("a\nb", "2023-11-13", '{"a":1}', "its ledger, kind or date is none"),
    "a date that is none": ("note", "", '{"a":1}', "its ledger, kind or date is none"),
    "a date in another form": ("note", "20231113", '{"a":1}', "its ledger, kind or date is none"),
    "a line end before its body": ("note", "2023-11-13", '\n{"a":1}', "in the one form"),
    "a blank": ("note", "2023-11-13", '{"a": 1}', "in the one form"),
    "a key that is there twice": ("note", "2023-11-13", '{"a":1,"a":2}', "in the one form"),
    "keys in another order": ("note", "2023-11-13", '{"b":1,"a":2}', "in the one form"),
    "a number that is none": ("note", "2023-11-13", '{"a":NaN}', "in the one form"),
    "no JSON": ("note", "2023-11-13", "a", "in the one form"),
}


@pytest.mark.parametrize("name", FORMS)
def test_an_entry_that_could_be_read_in_two_ways_is_refused(name: str) -> None:
    kind, date, body, reason = FORMS[name]
    first = Link("live", "1", "note", "2023-11-13", '{"a":1}', GENESIS, "")
    first = replace(first, hash=entry_hash(GENESIS, "live", 1, first.kind, first.date, first.body))
    assert verify_chain("live", [first]).ok
    odd = Link("live", "2", kind, date, body, first.hash, entry_hash(first.hash, "live", 2, kind, date, body))
    verdict = verify_chain("live", [first, odd], whole=True)
    assert verdict.broken is not None
    assert verify_chain("live", [first, odd]).ok == ("line end" not in name and "date" not in name)
    assert (verdict.ok, verdict.entries, reason in verdict.broken.reason) == (False, 1, True)

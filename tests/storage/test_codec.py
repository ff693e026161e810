from __future__ import annotations

import datetime as dt
import math
from dataclasses import fields, is_dataclass
from enum import Enum
from typing import Any

import pytest
from hypothesis import given, settings, strategies as st

from engine.errors import BrokenJournal, StorageError
from engine.model import Decision, LevelPoint, Portfolio, Prediction, Settlement, WeekSignals
from storage.chain import Entry, canonical
from storage.codec import Codec

KINDS: list[Any] = [Decision, Settlement, WeekSignals, Portfolio, Prediction, LevelPoint]

st.register_type_strategy(float, st.floats(-1e12, 1e12))
st.register_type_strategy(int, st.integers(0, 10_000))
st.register_type_strategy(str, st.text(st.characters(codec="utf-8"), max_size=10))


def entry(body: str) -> Entry:
    return Entry("replay", 1, "any", dt.date(2023, 1, 2), body, "", "")


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=15)
@given(data=st.data())
def test_every_type_comes_back_with_its_numbers_rounded(kind: Any, data: st.DataObject) -> None:
    codec, value = Codec(kind), data.draw(st.from_type(kind))
    body = codec.dump(value)
    again = codec.load(entry(canonical(body)))
    assert type(again) is kind
    assert_close(again, value)
    assert canonical(codec.dump(again)) == canonical(body)


def assert_close(found: Any, meant: Any) -> None:
    """Equal in every field and type, floats to twelve digits."""
    if isinstance(meant, float):
        assert isinstance(found, float)
        assert math.isclose(found, meant, rel_tol=1e-11)
    elif is_dataclass(meant):
        for name in (field.name for field in fields(meant)):
            assert_close(getattr(found, name), getattr(meant, name))
    elif isinstance(meant, tuple):
        assert isinstance(found, tuple)
        for one, other in zip(found, meant, strict=True):
            assert_close(one, other)
    elif isinstance(meant, dict):
        assert found.keys() == meant.keys()
        for key in meant:
            assert_close(found[key], meant[key])
    else:
        assert found == meant
        assert type(found) is type(meant) or isinstance(meant, Enum)


def test_a_whole_number_where_a_real_one_is_meant_is_written_as_the_real_one() -> None:
    one = LevelPoint(dt.date(2023, 1, 2), 1000, 1000)
    other = LevelPoint(dt.date(2023, 1, 2), 1000.0, 1000.0)
    assert canonical(Codec(LevelPoint).dump(one)) == canonical(Codec(LevelPoint).dump(other))


@pytest.mark.parametrize("net", [float("nan"), float("inf"), "much", None])
def test_a_value_that_could_not_be_read_back_is_not_written(net: Any) -> None:
    with pytest.raises(StorageError, match="levelpoint cannot be stored"):
        Codec(LevelPoint).dump(LevelPoint(dt.date(2023, 1, 2), net, 1.0))


@pytest.mark.parametrize("body", ["{}", "[]", "", '{"date":"x","net":1,"gross":1}'])
def test_a_body_of_another_shape_is_said(body: str) -> None:
    with pytest.raises(BrokenJournal, match="entry 1 of the replay journal is no levelpoint"):
        Codec(LevelPoint).load(entry(body))

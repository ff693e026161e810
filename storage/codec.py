"""Turns the engine's dataclasses into journal bodies and back."""

from __future__ import annotations

import warnings
from collections import OrderedDict
from typing import Any, Generic, TypeVar

from pydantic import TypeAdapter, ValidationError
from pydantic_core import PydanticSerializationError

from engine.errors import BrokenJournal, StorageError
from storage.chain import Entry, rounded

T = TypeVar("T")


class Codec(Generic[T]):
    """Both ways for one dataclass: `load(dump(x))` is `x` with its numbers rounded as the journal rounds them.

    What was read of the last few bodies is kept: a journal's entry never changes, and is shown again and again.
    """

    def __init__(self, kind: type[T], keep: int = 4) -> None:
        self._adapter: TypeAdapter[T] = TypeAdapter(kind)
        self._name = kind.__name__.lower()
        self._keep = keep
        self._read: OrderedDict[str, T] = OrderedDict()

    def dump(self, value: T) -> dict[str, Any]:
        """The body of `value`; StorageError for one that could not be read back: a NaN where a number must be."""
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("error")  # pydantic only warns of a value of the wrong type
                plain = rounded(self._adapter.dump_python(value, mode="json"))
            # through the type once more: an int where a float is meant would be written 1, and 1.0 the next time
            again = rounded(self._adapter.dump_python(self._adapter.validate_python(plain), mode="json"))
        except (ValidationError, PydanticSerializationError, UserWarning) as error:
            raise StorageError(f"this {self._name} cannot be stored: {_complaint(error)}.") from error
        assert isinstance(again, dict)
        return again

    def load(self, entry: Entry) -> T:
        """Read a body back; BrokenJournal for one of another shape."""
        known = self._read.get(entry.body)
        if known is not None:
            self._read.move_to_end(entry.body)
            return known
        try:
            value = self._adapter.validate_json(entry.body)
        except ValidationError as error:
            raise BrokenJournal(
                f"entry {entry.seq} of the {entry.ledger} journal is no {self._name}: {_complaint(error)}."
            ) from error
        self._read[entry.body] = value
        while len(self._read) > self._keep:
            self._read.popitem(last=False)
        return value


def _complaint(error: Exception) -> str:
    if isinstance(error, ValidationError):
        first = error.errors()[0]
        return f"{'.'.join(map(str, first['loc']))}: {first['msg']}"
    return str(error).splitlines()[-1].strip().rstrip(".")

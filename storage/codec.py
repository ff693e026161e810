"""Turns the engine's dataclasses into journal bodies and back."""

from __future__ import annotations

import warnings
from typing import Any, Generic, TypeVar

from pydantic import TypeAdapter, ValidationError
from pydantic_core import PydanticSerializationError

from engine.errors import BrokenJournal, StorageError
from storage.chain import Entry, rounded

T = TypeVar("T")


class Codec(Generic[T]):
    """Both ways for one dataclass: `load(dump(x))` is `x` with its numbers rounded as the journal rounds them."""

    def __init__(self, kind: type[T]) -> None:
        self._adapter: TypeAdapter[T] = TypeAdapter(kind)
        self._name = kind.__name__.lower()

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
        try:
            return self._adapter.validate_json(entry.body)
        except ValidationError as error:
            raise BrokenJournal(
                f"entry {entry.seq} of the {entry.ledger} journal is no {self._name}: {_complaint(error)}."
            ) from error


def _complaint(error: Exception) -> str:
    if isinstance(error, ValidationError):
        first = error.errors()[0]
        return f"{'.'.join(map(str, first['loc']))}: {first['msg']}"
    return str(error).splitlines()[-1].strip().rstrip(".")

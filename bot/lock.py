"""Lets one instance run beside a database, and no second one: a lock that the system drops when its holder dies."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from engine.errors import CannotWrite, CrierError


@contextmanager
def only_instance(database: Path) -> Iterator[None]:
    """Hold the lock of `database`; CrierError at once where another process holds it."""
    path = database.with_name(f"{database.name}.lock")
    try:
        link = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)  # closed in children, which must not inherit it
    except OSError as error:
        raise CannotWrite(f"the lock {path} cannot be opened ({error.strerror}): check the folder.") from error
    try:
        try:
            fcntl.flock(link, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise CrierError(
                f"another Crier already runs on {database}: stop that one first, or name another --database."
            ) from None
        os.ftruncate(link, 0)
        os.write(link, f"{os.getpid()}\n".encode())
        yield
    finally:
        os.close(link)


def is_running(database: Path) -> bool:
    """Whether an instance holds the lock of `database` now."""
    path = database.with_name(f"{database.name}.lock")
    try:
        link = os.open(path, os.O_RDWR)
    except OSError:
        return False
    try:
        fcntl.flock(link, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(link)
    return False

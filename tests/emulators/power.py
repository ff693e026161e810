"""A disk whose power can fail: SQLite's own files, with every write and sync written down, and what survives a cut.

SQLite is made to open files through a file system layer of ours that does what its own does and listens. What was
written and not yet synced survives a cut or does not, write by write and sector by sector, as chance has it.
"""

from __future__ import annotations

import _sqlite3
import ctypes as c
import random
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

SECTOR = 512
_Pointer, _Int, _Long = c.c_void_p, c.c_int, c.c_int64
_OPEN = c.CFUNCTYPE(_Int, _Pointer, _Pointer, _Pointer, _Int, _Pointer)
_WRITE = c.CFUNCTYPE(_Int, _Pointer, _Pointer, _Int, _Long)
_TRUNCATE = c.CFUNCTYPE(_Int, _Pointer, _Long)
_SYNC = c.CFUNCTYPE(_Int, _Pointer, _Int)


class _Vfs(c.Structure):
    _fields_ = [
        ("version", _Int), ("size", _Int), ("longest", _Int), ("next", _Pointer), ("name", c.c_char_p),
        ("data", _Pointer), ("open", _Pointer), ("others", _Pointer * 15),
    ]  # fmt: skip


class _Methods(c.Structure):
    _fields_ = [
        ("version", _Int), ("close", _Pointer), ("read", _Pointer), ("write", _Pointer), ("truncate", _Pointer),
        ("sync", _Pointer), ("others", _Pointer * 13),
    ]  # fmt: skip


@dataclass
class Disk:
    """What files held `before`, and what was done to them: name, "write", "truncate" or "sync", where, bytes."""

    before: dict[str, bytes]
    log: list[tuple[str, str, int, bytes]] = field(default_factory=list)

    def cut(self, at: int, chance: random.Random) -> dict[str, bytes]:
        """The files as they are found when the power went after the first `at` steps."""
        found: dict[str, bytearray] = {}
        for name in sorted({*self.before, *(name for name, *_ in self.log[:at])}):
            steps = [step[1:] for step in self.log[:at] if step[0] == name]
            synced = max((i for i, (what, *_) in enumerate(steps) if what == "sync"), default=-1)
            content = bytearray(self.before.get(name, b""))
            for i, (what, where, data) in enumerate(steps):
                if what == "truncate" and (i <= synced or chance.random() < 0.5):
                    del content[where:]
                elif what == "write":
                    for sector in range(0, len(data), SECTOR):
                        if i <= synced or chance.random() < 0.5:
                            _put(content, where + sector, data[sector : sector + SECTOR])
            found[name] = content
        return {name: bytes(content) for name, content in found.items()}


def _put(content: bytearray, where: int, data: bytes) -> None:
    if len(content) < where:
        content.extend(bytes(where - len(content)))
    content[where : where + len(data)] = data


@contextmanager
def listening(folder: Path) -> Iterator[Disk]:
    """Write down what is done to the files in `folder` that are opened within the block, and closed in it."""
    library = c.CDLL(_sqlite3.__file__)
    library.sqlite3_vfs_find.restype = c.POINTER(_Vfs)
    library.sqlite3_vfs_find.argtypes = [c.c_char_p]
    own = library.sqlite3_vfs_find(None)
    before = {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}
    vfs, disk = _Vfs(), Disk(before)
    names: dict[int, str] = {}
    c.pointer(vfs)[0] = own.contents
    vfs.name = b"crier-power"
    tables: dict[int, tuple[_Methods, Any]] = {}

    def methods_of(address: int) -> _Methods:
        """The table of a file's methods with ours in place of three of them."""
        if address not in tables:
            original, mine = _Methods.from_address(address), _Methods()
            c.pointer(mine)[0] = original
            write, truncate, sync = _WRITE(original.write), _TRUNCATE(original.truncate), _SYNC(original.sync)

            def on_write(file: int, data: int, size: int, where: int) -> int:
                if file in names:
                    disk.log.append((names[file], "write", where, c.string_at(data, size)))
                return int(write(file, data, size, where))

            def on_truncate(file: int, size: int) -> int:
                if file in names:
                    disk.log.append((names[file], "truncate", size, b""))
                return int(truncate(file, size))

            def on_sync(file: int, flags: int) -> int:
                if file in names:
                    disk.log.append((names[file], "sync", 0, b""))
                return int(sync(file, flags))

            callbacks = (_WRITE(on_write), _TRUNCATE(on_truncate), _SYNC(on_sync))
            mine.write, mine.truncate, mine.sync = (c.cast(each, _Pointer).value for each in callbacks)
            tables[address] = (mine, callbacks)
        return tables[address][0]

    real_open = _OPEN(own.contents.open)

    def on_open(this: int, name: int | None, file: int, flags: int, out: int | None) -> int:
        code = int(real_open(this, name, file, flags, out))
        pointer = _Pointer.from_address(file)
        if code == 0 and pointer.value:
            path = c.string_at(name).decode() if name else ""
            if Path(path).parent == folder:
                names[file] = Path(path).name
                pointer.value = c.addressof(methods_of(pointer.value))
        return code

    opening = _OPEN(on_open)
    vfs.open = c.cast(opening, _Pointer).value
    library.sqlite3_vfs_register(c.byref(vfs), 1)
    try:
        yield disk
    finally:
        library.sqlite3_vfs_unregister(c.byref(vfs))
        library.sqlite3_vfs_register(own, 1)

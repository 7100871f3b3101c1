"""A disk under the journal that can refuse, and whose power can be cut: SQLite's own VFS with some methods wrapped.

The files stay real; only `xWrite`, `xTruncate` and `xSync` of files opened from here on pass through this module:

- the file `disk` may name a trouble: `full` (SQLITE_FULL), `readonly` (SQLITE_READONLY), `write` (EIO when writing) or
  `sync` (EIO of fsync). Nothing is written then. Without the file the disk is well.
- `disk.log` gets everything written, truncated, deleted and synced, in order. What was not synced when the process died
  is what a power cut may take; `crash.power` plays the log back up to that.

The shim registers with the very library that Python's own `sqlite3` uses, and tries that before the daemon starts.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import sqlite3
import struct
import sys
import tempfile
import traceback
from collections.abc import Callable
from typing import Any

ABSENT = 71  # exit code: this interpreter's SQLite cannot be reached
RECORD = struct.Struct("<cHQI")  # kind, length of the name, offset or size, length of the data
_TROUBLES = {"full": 13, "readonly": 8, "write": 778, "sync": 1034}
_in_use: list[Disk] = []  # C holds the addresses of what it wraps: it must live as long as the process
_KEPT = 0x100 | 0x800 | 0x80000  # SQLITE_OPEN_MAIN_DB, _MAIN_JOURNAL, _WAL: temporary files need not survive

_File = ctypes.c_void_p
# The name as an address: the real VFS keeps it for as long as the file is open, which a copy of ours would not last.
_Open = ctypes.CFUNCTYPE(
    ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p, _File, ctypes.c_int, ctypes.POINTER(ctypes.c_int)
)
_Delete = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int)
_Close = ctypes.CFUNCTYPE(ctypes.c_int, _File)
_Write = ctypes.CFUNCTYPE(ctypes.c_int, _File, ctypes.c_void_p, ctypes.c_int, ctypes.c_int64)
_Truncate = ctypes.CFUNCTYPE(ctypes.c_int, _File, ctypes.c_int64)
_Sync = ctypes.CFUNCTYPE(ctypes.c_int, _File, ctypes.c_int)


class _Vfs(ctypes.Structure):
    """`struct sqlite3_vfs`, see https://sqlite.org/c3ref/vfs.html; what is not wrapped is only copied."""

    _fields_ = [
        ("iVersion", ctypes.c_int),
        ("szOsFile", ctypes.c_int),
        ("mxPathname", ctypes.c_int),
        ("pNext", ctypes.c_void_p),
        ("zName", ctypes.c_char_p),
        ("pAppData", ctypes.c_void_p),
        ("xOpen", _Open),
        ("xDelete", _Delete),
        ("rest", ctypes.c_void_p * 13),
    ]


class _Methods(ctypes.Structure):
    """`struct sqlite3_io_methods`, see https://sqlite.org/c3ref/io_methods.html."""

    _fields_ = [
        ("iVersion", ctypes.c_int),
        ("xClose", _Close),
        ("xRead", ctypes.c_void_p),
        ("xWrite", _Write),
        ("xTruncate", _Truncate),
        ("xSync", _Sync),
        ("rest", ctypes.c_void_p * 13),
    ]


class Disk:
    """The wrapped methods, the names of the open files, and the log."""

    def __init__(self, folder: str) -> None:
        self._trouble_file = os.path.join(folder, "disk")
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC
        self._log = os.open(os.path.join(folder, "disk.log"), flags, 0o600)
        self._names: dict[int, bytes] = {}
        self._wrapped: dict[int, _Methods] = {}
        self._kept: list[Any] = []  # C holds their addresses
        self.writes = 0

    def register(self, library: ctypes.CDLL) -> None:
        """Become the default VFS. Raises RuntimeError when the library refuses."""
        library.sqlite3_vfs_find.restype = ctypes.POINTER(_Vfs)
        self._real = library.sqlite3_vfs_find(None)
        mine = _Vfs()
        ctypes.pointer(mine)[0] = self._real.contents
        mine.pNext, mine.zName = None, b"crash"
        mine.xOpen, mine.xDelete = _Open(_guarded(self._open)), _Delete(_guarded(self._delete))
        self._kept.append(mine)
        if library.sqlite3_vfs_register(ctypes.byref(mine), 1) != 0:
            raise RuntimeError("the library refuses another VFS")

    def _open(self, _vfs: int, name: int | None, file: int, flags: int, out: Any) -> int:
        code = self._real.contents.xOpen(ctypes.cast(self._real, ctypes.c_void_p), name, file, flags, out)
        methods = ctypes.cast(file, ctypes.POINTER(ctypes.c_void_p))
        if code == 0 and name and flags & _KEPT and methods[0]:
            self._names[file] = os.path.basename(ctypes.string_at(name))
            methods[0] = ctypes.addressof(self._around(methods[0]))
        return int(code)

    def _around(self, address: int) -> _Methods:
        """Copy a table of methods, and wrap three of them; one copy for each table."""
        if address not in self._wrapped:
            real = _Methods.from_address(address)
            mine = _Methods.from_buffer_copy(real)
            mine.xWrite = _Write(_guarded(lambda *args: self._write(real, *args)))
            mine.xTruncate = _Truncate(_guarded(lambda *args: self._truncate(real, *args)))
            mine.xSync = _Sync(_guarded(lambda *args: self._sync(real, *args)))
            self._wrapped[address] = mine
        return self._wrapped[address]

    def _write(self, real: _Methods, file: int, data: int, size: int, offset: int) -> int:
        trouble = self._trouble()
        if trouble in {"full", "readonly", "write"}:
            return _TROUBLES[trouble]
        self.writes += 1
        self._note(b"W", self._names[file], offset, ctypes.string_at(data, size))
        return int(real.xWrite(file, data, size, offset))

    def _truncate(self, real: _Methods, file: int, size: int) -> int:
        self._note(b"T", self._names[file], size)
        return int(real.xTruncate(file, size))

    def _sync(self, real: _Methods, file: int, flags: int) -> int:
        if self._trouble() == "sync":
            return _TROUBLES["sync"]
        code = int(real.xSync(file, flags))
        if code == 0:
            self._note(b"S", self._names[file])
        return code

    def _delete(self, _vfs: int, name: bytes, sync: int) -> int:
        code = int(self._real.contents.xDelete(ctypes.cast(self._real, ctypes.c_void_p), name, sync))
        if code == 0:
            self._note(b"D", os.path.basename(name))
        return code

    def _note(self, kind: bytes, name: bytes, number: int = 0, data: bytes = b"") -> None:
        os.write(self._log, RECORD.pack(kind, len(name), number, len(data)) + name + data)

    def _trouble(self) -> str:
        try:
            with open(self._trouble_file, encoding="ascii") as file:
                return str(json.load(file)["fail"])
        except FileNotFoundError:
            return ""


def install(folder: str) -> None:
    """Put the shim in front of the SQLite that `sqlite3` uses; where that cannot be, end with `ABSENT`."""
    for library in _libraries():
        disk = Disk(folder)
        with contextlib.suppress(AttributeError, RuntimeError):
            _in_use.append(disk)
            disk.register(library)
            if _in_front(disk):
                _plant(os.environ.get("AVANTTO_QBO_PLANTED", ""))
                return
    sys.stderr.write("crash_disk: the SQLite of this interpreter cannot be reached\n")
    os._exit(ABSENT)


def _libraries() -> list[ctypes.CDLL]:
    """Where SQLite may be: the library that is loaded already, or the extension module itself."""
    import _sqlite3

    with open("/proc/self/maps", encoding="ascii", errors="replace") as maps:
        loaded = {line.split()[-1] for line in maps if "libsqlite3" in line}
    return [ctypes.CDLL(path) for path in (*sorted(loaded), _sqlite3.__file__)]


def _in_front(disk: Disk) -> bool:
    with tempfile.TemporaryDirectory() as folder:
        raw = sqlite3.connect(os.path.join(folder, "probe.db"))
        raw.execute("create table probe (x)")
        raw.close()
    return disk.writes > 0


def _plant(fault: str) -> None:
    """Make the journal careless, to see whether a power cut is noticed then."""
    if fault != "synchronous=off":
        return
    from avantto_qbo.journal import database

    prepare = database._prepare

    def careless(raw: sqlite3.Connection, path: str) -> None:
        prepare(raw, path)
        raw.execute("PRAGMA synchronous = OFF")

    database._prepare = careless


def _guarded(act: Callable[..., int]) -> Callable[..., int]:
    """An exception in a callback would read as success to C."""

    def guarded(*args: Any) -> int:
        try:
            return act(*args)
        except BaseException:  # noqa: BLE001 - whatever it is, it ends here
            traceback.print_exc()
            os._exit(70)

    return guarded

"""The generation number beside the journal: what tells a journal from an older copy put in its place.

It is kept in a file of its own, `<journal>.generation`, because a copy of the journal brings its number along. The
journal states a new generation first, the file follows: so the journal is never behind but where an older one came
back, wherever a crash falls between the two.
"""

from __future__ import annotations

import os
from pathlib import Path

from avantto_qbo.errors import ConfigError
from avantto_qbo.journal.address import journal_path


class GenerationFile:
    """The file beside one journal, readable by its owner only. Named by the journal's path or address."""

    def __init__(self, path: str | Path) -> None:
        # Whatever spelling or symbolic link names the journal, its file is one.
        self.path = Path(os.path.realpath(journal_path(path)) + ".generation")

    def read(self) -> int | None:
        """Return the number, None where there is no file or nothing readable in it."""
        try:
            text = self.path.read_text(encoding="ascii").strip()
        except (FileNotFoundError, UnicodeDecodeError):
            return None
        except OSError as error:
            raise ConfigError("journal", f"cannot read {self.path}: {error.strerror}") from None
        return int(text) if text.isdecimal() else None

    def write(self, number: int) -> None:
        """Replace the number; it is on the disk when this returns. Raises ConfigError."""
        fresh = self.path.with_name(self.path.name + ".new")
        try:
            _put(fresh, f"{number}\n".encode())
            fresh.replace(self.path)
            _sync_folder(self.path.parent)
        except OSError as error:
            raise ConfigError("journal", f"cannot write {self.path}: {error.strerror}") from None


def _put(path: Path, body: bytes) -> None:
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    try:
        os.write(file, body)
        os.fsync(file)
    finally:
        os.close(file)


def _sync_folder(folder: Path) -> None:
    file = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(file)
    finally:
        os.close(file)

"""Facts about the journal itself, such as its generation, as text."""

from __future__ import annotations

from avantto_qbo.journal.connection import Connection


def get(db: Connection, name: str) -> str | None:
    """Return a fact."""
    rows = db.run("meta.get", name=name)
    return str(rows[0]["value"]) if rows else None


def put(db: Connection, name: str, value: str) -> None:
    """Note a fact, or change it."""
    db.run("meta.put", name=name, value=value)


def begin(db: Connection, name: str, value: str) -> None:
    """Note a fact unless it is known already."""
    db.run("meta.begin", name=name, value=value)

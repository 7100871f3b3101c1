"""Counting: how many documents were tried in each kind of company, and what was held."""

from __future__ import annotations

from collections import Counter

from avantto_qbo.model.steps import Hold

TRIED: Counter[str] = Counter()
HELD: Counter[tuple[str, str]] = Counter()
ORDINARY: Counter[str] = Counter()


def tally(kind: str, step: object, allowed: frozenset[str]) -> None:
    """Count a document; a hold that its own oddities do not explain is a failure."""
    TRIED[kind] += 1
    ORDINARY[kind] += not allowed
    if step is None:
        return
    assert isinstance(step, Hold), step
    HELD[kind, step.reason.code] += 1
    assert step.reason.code in allowed, step.reason


def summary() -> list[str]:
    """One line for each kind of company, and their sum."""
    lines = [_line(kind) for kind in TRIED]
    return [*lines, f"{TRIED.total()} documents, {HELD.total()} held for a person"] if lines else []


def _line(kind: str) -> str:
    held = ", ".join(f"{code} {count}" for (owner, code), count in sorted(HELD.items()) if owner == kind)
    return f"{kind}: {TRIED[kind]} documents, {ORDINARY[kind]} of them ordinary; held: {held or 'none'}"

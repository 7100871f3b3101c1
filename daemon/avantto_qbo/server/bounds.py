"""How deep and how large JSON is, counted on its bytes before anything is made of them."""

from __future__ import annotations

import re
from typing import Final

from avantto_qbo.server.limits import DEEPEST, MOST_NODES

# One text, also one that never ends. Nothing in it is ever tried twice, so that no body can make this slow.
_TEXT: Final = re.compile(rb'"(?:[^"\\]++|\\.)*+"?', re.DOTALL)
_OPENING: Final = b"[{"
_BRACKETS: Final = b"[]{}"
_NOT_BRACKETS: Final = bytes(set(range(256)) - set(_BRACKETS))


def within_bounds(raw: bytes, *, deepest: int = DEEPEST, most: int = MOST_NODES) -> bool:
    """Say whether JSON nests at most `deepest` levels and has at most `most` nodes (values and names).

    Of bytes that are no JSON it says only that the part a decoder would reach before it notices is within bounds.
    Costs microseconds for what the vendors send: texts are looked at only where brackets and separators are many.
    """
    if _levels(raw) <= deepest and _nodes(raw) <= most:
        return True
    structure = _TEXT.sub(b"", raw)
    return _nodes(structure) <= most and _depth(structure) <= deepest


def _levels(raw: bytes) -> int:
    return raw.count(b"[") + raw.count(b"{")


def _nodes(raw: bytes) -> int:
    """Every node but the first follows one of these, so there are at most that many."""
    return 1 + _levels(raw) + raw.count(b",") + raw.count(b":")


def _depth(structure: bytes) -> int:
    """Return the deepest level; `structure` has been found to hold few brackets."""
    level = deepest = 0
    for bracket in structure.translate(None, _NOT_BRACKETS):
        level += 1 if bracket in _OPENING else -1
        deepest = max(deepest, level)
    return deepest

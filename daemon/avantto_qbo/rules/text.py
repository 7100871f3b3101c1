"""Texts as QuickBooks stores them: no control characters, no markup, cut to the field's length."""

from __future__ import annotations

import html
import re
from typing import Final

_TAG: Final = re.compile(r"</?[A-Za-z][^<>]*>")
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u2028\u2029\ufeff]")


def one_line(text: str, limit: int) -> str:
    """Return `text` as one line of at most `limit` characters, blanks collapsed."""
    return " ".join(_CONTROL.sub(" ", text).split())[:limit].rstrip()


def lines(text: str, limit: int) -> str:
    """Return `text` without markup and empty lines, at most `limit` characters; line breaks stay."""
    bare = html.unescape(_TAG.sub("\n", text)) if _TAG.search(text) else text
    kept = (one_line(line, limit) for line in bare.splitlines())
    return "\n".join(line for line in kept if line)[:limit].rstrip()

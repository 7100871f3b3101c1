"""Other people's words without what they quote: vendors and libraries repeat what they were given."""

from __future__ import annotations

import re
from typing import Final

# Addresses; what is longer than an id (24) and has no blank, as tokens and keys; phone numbers, but neither days nor
# the numbers of documents.
_QUOTED: Final = re.compile(
    r"\S+@\S+|[A-Za-z0-9._~+/=-]{25,}|(?<![\w-])(?!\d{4}-\d\d-\d\d(?!\d))\+?\d[\d ().-]{5,}\d", re.ASCII
)


def redacted(words: str) -> str:
    """Return `words` with addresses, phone numbers and whatever may be a token blotted out."""
    return _QUOTED.sub("…", words)

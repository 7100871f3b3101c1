from __future__ import annotations

import pytest

from avantto_qbo.rules.redacted import redacted


@pytest.mark.parametrize(
    ("words", "shown"),
    [
        ("no such person: ann.lee+x@example.com.", "no such person: …"),
        ("cannot dial +1 (212) 555-0123 today", "cannot dial … today"),
        ("token eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.abc was refused", "token … was refused"),
        ("the books are closed through 2026-10-31", "the books are closed through 2026-10-31"),
        ("Duplicate Document Number INV-000042 (6140)", "Duplicate Document Number INV-000042 (6140)"),
        ("order 64e2f0a1b2c3d4e5f6a7b8c9 is unknown", "order 64e2f0a1b2c3d4e5f6a7b8c9 is unknown"),
        ("", ""),
    ],
)
def test_what_is_quoted_is_blotted_out(words: str, shown: str) -> None:
    assert redacted(words) == shown

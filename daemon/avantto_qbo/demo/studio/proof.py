"""The proof of the studio's day: one row per rule, computed from the stand-ins' own state.

Nothing here knows how the daemon works: no line of its code is imported, its journal is never opened.
"""

from __future__ import annotations

from collections.abc import Iterator

from avantto_qbo.demo.claims import Case, Row, nothing_held
from avantto_qbo.demo.studio import proof_invoices, proof_people, proof_sales


def rows(case: Case) -> Iterator[Row]:
    """Yield every row."""
    yield from proof_people.rows(case)
    yield from proof_sales.rows(case)
    yield from proof_invoices.rows(case)
    yield nothing_held(case)

"""The proof: one row per rule, what Avantto says and what the books say, computed from the stand-ins' own state.

Nothing here knows how the daemon works: no line of its code is imported, its journal is never opened.
"""

from __future__ import annotations

from datetime import datetime

from avantto_qbo.demo import proof_invoices, proof_people, proof_sales
from avantto_qbo.demo.claims import Case, Row, Sides
from avantto_qbo.demo.evidence import Books, Crm


def prove(now: Sides, before: Sides, cut_off: datetime) -> tuple[Row, ...]:
    """Return every row; `before` is the moment of connection, `cut_off` from when on documents are taken over."""
    case = Case(Crm(now.avantto), Books(now.books), Crm(before.avantto), Books(before.books), cut_off)
    return (*proof_people.rows(case), *proof_sales.rows(case), *proof_invoices.rows(case))

"""How many documents are documents: a fixed slice of each property, or `DOCS` of them in all.

The settings are these tests' own: a profile would change how often every other property of the suite is tried.
"""

from __future__ import annotations

import os
from typing import Final

from hypothesis import HealthCheck, Phase, settings

DOCS: Final = int(os.environ.get("DOCS", "0"))
_SHARES: Final = 21  # invoices, receipts and lives in each of seven kinds of company
_SLICE: Final = 28

documents: Final = settings(
    max_examples=DOCS // _SHARES or _SLICE,
    derandomize=not DOCS,
    database=None,
    deadline=None,
    phases=(Phase.generate, Phase.shrink),  # to explain a failure takes longer than to find it
    suppress_health_check=list(HealthCheck),
    print_blob=True,
)

"""The third company: a bicycle shop in Colorado whose QuickBooks computes every tax itself, and another one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from avantto_qbo.demo.business import Business, Desk
from avantto_qbo.demo.company import Company
from avantto_qbo.demo.cycles.proof import LEARNED, rows
from avantto_qbo.demo.cycles.story import scenes

_SAVINGS: Final = "8"


async def open_cycles(desk: Desk) -> Sequence[str]:
    """Open both; with one bank account it is clear where refunds leave from."""
    await desk.open()
    await desk.in_books("deactivate", entity="Account", identifier=_SAVINGS)
    return ()


CYCLES: Final = Company(
    Business(
        "Cobalt Cycles",
        "loc-cobalt-cycles",
        "9130350000000003",
        "us_recompute",
        "United States, an engine that computes its own tax",
        timezone="America/Denver",
    ),
    cast=open_cycles,
    story=scenes,
    proof=rows,
    events=(LEARNED,),
)

__all__ = ["CYCLES"]

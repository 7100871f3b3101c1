"""The second company: a tailor in Edinburgh whose prices include VAT, and who has sales without any."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from avantto_qbo.demo.business import Business, Desk
from avantto_qbo.demo.company import Company
from avantto_qbo.demo.tailor.proof import rows
from avantto_qbo.demo.tailor.story import scenes

_SAVINGS: Final = "8"


async def open_tailor(desk: Desk) -> Sequence[str]:
    """Open both; with one bank account it is clear where refunds leave from."""
    await desk.open()
    await desk.in_books("deactivate", entity="Account", identifier=_SAVINGS)
    return ()


TAILOR: Final = Company(
    Business(
        "Thistle & Thread",
        "loc-thistle-and-thread",
        "9130350000000002",
        "uk",
        "United Kingdom, prices with VAT",
        country="GB",
        currency="GBP",
        timezone="Europe/London",
    ),
    cast=open_tailor,
    story=scenes,
    proof=rows,
)

__all__ = ["TAILOR"]

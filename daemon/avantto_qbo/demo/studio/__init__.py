"""The first company: a frame maker in New York with a busy day; its QuickBooks takes Avantto's sales tax as it is."""

from __future__ import annotations

from typing import Final

from avantto_qbo.demo.business import Business
from avantto_qbo.demo.company import Company
from avantto_qbo.demo.studio.opening import open_studio
from avantto_qbo.demo.studio.proof import rows
from avantto_qbo.demo.studio.scenes import scenes

STUDIO: Final = Company(
    Business("Oak & Frame Studio", "loc-oak-and-frame", "9130350000000001", "us", "United States, sales tax as sent"),
    cast=open_studio,
    story=scenes,
    proof=rows,
)

__all__ = ["STUDIO"]

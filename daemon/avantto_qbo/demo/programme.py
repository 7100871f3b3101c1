"""Which companies appear, in order; the first one's day is the longest, and is measured."""

from __future__ import annotations

from typing import Final

from avantto_qbo.demo.company import Company
from avantto_qbo.demo.cycles import CYCLES
from avantto_qbo.demo.studio import STUDIO
from avantto_qbo.demo.tailor import TAILOR

COMPANIES: Final[tuple[Company, ...]] = (STUDIO, TAILOR, CYCLES)

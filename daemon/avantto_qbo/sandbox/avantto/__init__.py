"""A stand-in for the Avantto (HighLevel) API that enforces the vendor's rules.

`Avantto(now, rng)` is the socketless service; `Play` is what people do in the vendor's UI.
"""

from __future__ import annotations

from avantto_qbo.sandbox.avantto.play import Play
from avantto_qbo.sandbox.avantto.service import Avantto

DEFAULT_CLIENT_ID = "sandbox-avantto"
DEFAULT_CLIENT_SECRET = "sandbox-avantto-secret"

__all__ = ["DEFAULT_CLIENT_ID", "DEFAULT_CLIENT_SECRET", "Avantto", "Play"]

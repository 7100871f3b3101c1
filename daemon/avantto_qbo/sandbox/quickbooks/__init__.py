"""A stand-in for QuickBooks Online that enforces the vendor's own rules."""

from avantto_qbo.sandbox.quickbooks.knobs import Knobs
from avantto_qbo.sandbox.quickbooks.play import Play
from avantto_qbo.sandbox.quickbooks.service import CLIENT_ID, CLIENT_SECRET, QuickBooks

__all__ = ["CLIENT_ID", "CLIENT_SECRET", "Knobs", "Play", "QuickBooks"]

"""The stand-in's webhook key, as the daemon reads it: a file in PEM."""

from __future__ import annotations

import atexit
import random
import tempfile
from functools import cache
from pathlib import Path

from avantto_qbo.sandbox.avantto.signing import Signer


@cache
def signer() -> Signer:
    """One pair of keys for all worlds."""
    return Signer.seeded(random.Random("webhooks"))


@cache
def pem_file() -> Path:
    """Where the public half lies for as long as this program runs."""
    place = Path(_directory().name) / "avantto.pem"
    place.write_text(signer().public_key)
    return place


@cache
def _directory() -> tempfile.TemporaryDirectory[str]:
    """Gone when the program ends."""
    directory = tempfile.TemporaryDirectory(prefix="simulation-")
    atexit.register(directory.cleanup)
    return directory

"""The keys that sign outgoing webhooks.

Current: `X-GHL-Signature`, base64 of Ed25519 over the raw body. Legacy: `x-wh-signature`, base64 of
RSA-PKCS1v15-SHA256. The vendor's private keys are the vendor's, so the sandbox has pairs of its own.
"""

from __future__ import annotations

import base64
import random
from functools import cache

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat


@cache
def _legacy_key() -> RSAPrivateKey:
    # One pair per process, made only when asked for: it takes a noticeable part of a second.
    return generate_private_key(public_exponent=65537, key_size=2048)


class Signer:
    """Signs webhook bodies."""

    def __init__(self, key: Ed25519PrivateKey) -> None:
        self._key = key

    @classmethod
    def seeded(cls, rng: random.Random) -> Signer:
        """Make the key pair from the generator, so that a seed repeats the signatures."""
        return cls(Ed25519PrivateKey.from_private_bytes(rng.randbytes(32)))

    @property
    def public_key(self) -> str:
        """The Ed25519 public key as PEM."""
        return _pem(self._key.public_key())

    @property
    def legacy_public_key(self) -> str:
        """The RSA public key as PEM."""
        return _pem(_legacy_key().public_key())

    def headers(self, body: bytes, *, legacy: bool) -> dict[str, str]:
        """Return the signature headers of one body; with `legacy` both are sent."""
        headers = {"X-GHL-Signature": base64.b64encode(self._key.sign(body)).decode()}
        if legacy:
            headers["x-wh-signature"] = base64.b64encode(_legacy_key().sign(body, PKCS1v15(), SHA256())).decode()
        return headers


def _pem(key: Ed25519PublicKey | RSAPublicKey) -> str:
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()

"""Sealing and fingerprints, without a database."""

from __future__ import annotations

import pytest

from avantto_qbo.errors import ConfigError
from avantto_qbo.journal.sealing import Fingerprints, Sealer

KEY, OTHER_KEY = bytes(range(32)), bytes(range(1, 33))
ROW = ("quickbooks", "9341", "tokens")
PRINTS = Fingerprints(KEY)


@pytest.mark.parametrize("secret", [b"", b"token", b"\0" * 5000])
def test_what_was_sealed_opens_again(secret: bytes) -> None:
    sealer = Sealer({"k1": KEY})
    assert sealer.open(sealer.seal(secret, *ROW), *ROW) == secret


def test_the_same_secret_never_looks_the_same_twice() -> None:
    sealer = Sealer({"k1": KEY})
    assert sealer.seal(b"token", *ROW) != sealer.seal(b"token", *ROW)


@pytest.mark.parametrize(
    "row", [("avantto", "9341", "tokens"), ("quickbooks", "9342", "tokens"), ("quickbooks", "9341", "previous")]
)
def test_a_sealed_value_opens_only_where_it_belongs(row: tuple[str, str, str]) -> None:
    sealer = Sealer({"k1": KEY})
    with pytest.raises(ConfigError, match="journal-key"):
        sealer.open(sealer.seal(b"token", *ROW), *row)


def test_any_flipped_bit_is_noticed() -> None:
    sealer = Sealer({"k1": KEY})
    sealed = sealer.seal(b"token", *ROW)
    for place in range(len(sealed)):
        damaged = sealed[:place] + bytes([sealed[place] ^ 1]) + sealed[place + 1 :]
        with pytest.raises(ConfigError):
            sealer.open(damaged, *ROW)


@pytest.mark.parametrize("length", [0, 1, 3, 14, 20])
def test_a_value_cut_short_is_refused(length: int) -> None:
    sealer = Sealer({"k1": KEY})
    with pytest.raises(ConfigError):
        sealer.open(sealer.seal(b"token", *ROW)[:length], *ROW)


def test_the_first_key_seals_and_every_key_opens() -> None:
    before = Sealer({"k1": KEY})
    rotating = Sealer({"k2": OTHER_KEY, "k1": KEY})
    old = before.seal(b"token", *ROW)
    new = rotating.seal(b"token", *ROW)
    assert rotating.open(old, *ROW) == b"token"
    assert Sealer({"k2": OTHER_KEY}).open(new, *ROW) == b"token"
    with pytest.raises(ConfigError, match="another key"):
        before.open(new, *ROW)


def test_a_value_sealed_by_an_earlier_release_still_opens() -> None:
    sealed = bytes.fromhex("026b316630313fa6004b39885880f7b9fd95148e2ec70d634f84ce52f02b8df46edb2c26")
    assert Sealer({"k1": KEY}).open(sealed, *ROW) == b"token"


@pytest.mark.parametrize("keys", [{}, {"k1": b"short"}, {"k1": KEY + b"\n"}, {"": KEY}, {"k" * 256: KEY}])
def test_unusable_keys_are_refused_when_they_are_given(keys: dict[str, bytes]) -> None:
    with pytest.raises(ConfigError, match="journal-key"):
        Sealer(keys)


def test_no_refusal_shows_a_key_or_a_secret() -> None:
    with pytest.raises(ConfigError) as refused:
        Sealer({"k1": OTHER_KEY}).open(Sealer({"k1": KEY}).seal(b"token", *ROW), *ROW)
    assert "token" not in str(refused.value)
    assert KEY.hex() not in str(refused.value)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (PRINTS.email("Ann@Example.com "), PRINTS.email("ann@example.com")),
        (PRINTS.phone("+49 (30) 123-45"), PRINTS.phone("+493012345")),
        (PRINTS.name("  Ann   LEE "), PRINTS.name("ann lee")),
        (PRINTS.name("Jose\u0301"), PRINTS.name("Jos\u00e9")),
    ],
)
def test_spelling_that_does_not_matter_does_not_change_a_fingerprint(one: str, other: str) -> None:
    assert one == other
    assert len(one) == 32
    assert int(one, 16)


def test_different_people_have_different_fingerprints() -> None:
    assert PRINTS.email("ann@example.com") != PRINTS.email("ann@example.org")
    assert PRINTS.phone("+4930123") != PRINTS.phone("+4930124")
    assert PRINTS.name("Ann Lee") != PRINTS.name("Annlee")


def test_a_fingerprint_depends_on_what_it_is_of_and_on_the_key() -> None:
    assert len({PRINTS.email("1"), PRINTS.phone("1"), PRINTS.name("1"), Fingerprints(OTHER_KEY).email("1")}) == 4


@pytest.mark.parametrize("blank", ["", "  ", "\t"])
def test_nothing_has_no_fingerprint(blank: str) -> None:
    assert PRINTS.email(blank) == PRINTS.phone(blank) == PRINTS.name(blank) == ""


def test_a_fingerprint_stays_the_same_from_release_to_release() -> None:
    # Stored fingerprints are compared with fresh ones: changing the derivation would forget every match.
    assert PRINTS.email("ann@example.com") == "f65e1a65ed5b19efdfff30cff06d2af5"


def test_a_fingerprint_key_of_another_size_is_refused() -> None:
    with pytest.raises(ConfigError, match="32 bytes"):
        Fingerprints(b"short")

from __future__ import annotations

from datetime import timedelta

import pytest

from avantto_qbo.errors import RefusedError
from avantto_qbo.service.tokens import tokens_of
from virtual_clock import START as NOW

ANSWER = (
    b'{"access_token":"a","refresh_token":"r","expires_in":3600,"x_refresh_token_expires_in":8726400,'
    b'"scope":"s","companyId":"c","token_type":"bearer"}'
)


def test_a_token_answer_is_read_as_it_stands() -> None:
    found = tokens_of(ANSWER, "quickbooks_token", NOW)
    assert (found.access_token, found.refresh_token, found.scope, found.company_id) == ("a", "r", "s", "c")
    assert found.expires_at == NOW + timedelta(hours=1)
    assert found.refresh_expires_at == NOW + timedelta(seconds=8726400)


def test_a_private_token_never_expires_by_itself() -> None:
    found = tokens_of(b'{"access_token":"a","expires_in":60}', "avantto_token", NOW)
    assert (found.refresh_token, found.expires_at, found.refresh_expires_at) == ("", None, None)


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"not json",
        b"[]",
        b"{}",
        b'{"access_token":""}',
        b'{"access_token":5}',
        b'{"access_token":"a","expires_in":1e300}',
        b'{"access_token":"a","expires_in":-5}',
        b'{"access_token":"a","expires_in":"soon"}',
    ],
)
def test_anything_else_is_refused_and_the_file_named(raw: bytes) -> None:
    with pytest.raises(RefusedError, match="token answer") as refusal:
        tokens_of(raw, "avantto_token", NOW)
    assert "avantto_token" in f"{refusal.value} {getattr(refusal.value, 'field', '')}"

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from avantto_qbo.rules.identity import main_email, normal_email, normal_phone, split_emails
from avantto_qbo.rules.text import lines, one_line


@pytest.mark.parametrize(
    ("text", "email"),
    [
        (" Jane@Example.COM ", "jane@example.com"),
        ("jane@shop.test", "jane@shop.test"),
        ("o'neil+x@example.co.uk", "o'neil+x@example.co.uk"),
        ("jane@localhost", ""),
        ("jane@intranet", ""),
        ("jane.example.com", ""),
        ("a@x.com, b@y.com", ""),
        ("", ""),
        (f"{'a' * 60}@{'b' * 50}.com", ""),
    ],
)
def test_an_email_has_one_form(text: str, email: str) -> None:
    assert normal_email(text) == email


def test_one_stored_string_holds_several_emails() -> None:
    assert split_emails("A@x.com, b@y.com;a@X.com nonsense") == ("a@x.com", "b@y.com")
    assert split_emails("") == ()


@pytest.mark.parametrize(
    ("text", "email"),
    [
        ("Jane <JANE@x.com>; office@x.com", "jane@x.com"),
        ("nonsense, o'neil@x.com", "o'neil@x.com"),
        ("none", ""),
    ],
)
def test_a_document_goes_by_the_first_address_of_its_field(text: str, email: str) -> None:
    assert main_email(text) == email


@pytest.mark.parametrize(
    ("text", "country", "phone"),
    [
        ("(512) 555-0147", "US", "+15125550147"),
        ("512-555-0147 x12", "us", "+15125550147"),
        ("0171 2345678", "DE", "+491712345678"),
        ("+44 20 7946 0958", "US", "+442079460958"),
        ("+44 20 7946 0958", "", "+442079460958"),
        ("5125550147", "", ""),
        ("555-0147", "US", ""),
        ("12", "US", ""),
        ("call me", "US", ""),
        ("5125550147", "Texas", ""),
    ],
)
def test_a_phone_has_one_form(text: str, country: str, phone: str) -> None:
    assert normal_phone(text, country) == phone


@given(st.text(), st.integers(1, 50))
def test_a_line_never_breaks_and_never_exceeds_its_limit(text: str, limit: int) -> None:
    line = one_line(text, limit)
    assert len(line) <= limit
    assert line == line.strip()
    assert not set(line) & set("\t\r\n\x00")


def test_markup_of_a_description_is_dropped_and_its_lines_stay() -> None:
    assert lines("Whitening\n<p>Two visits &amp; a kit</p><p>by  Ann</p>", 4000) == (
        "Whitening\nTwo visits & a kit\nby Ann"
    )
    assert lines("5 < 6 & 7 > 2", 4000) == "5 < 6 & 7 > 2"
    assert lines("abc", 2) == "ab"

"""Whatever was typed, what is sent can be stored."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from avantto_qbo.quickbooks.text import fitted
from avantto_qbo.rules.names import stored_name

TYPED = st.text(st.characters(codec=None)) | st.text("：∶：ﬁ¼…™\\:\t\n é€🎉Ł\u2028\x00\ud800")


@given(TYPED, st.integers(0, 30))
def test_american_text_is_latin_1_and_not_longer_than_allowed(typed: str, limit: int) -> None:
    for sent in (fitted(typed, limit, latin=True), stored_name(typed, limit, latin=True)):
        assert len(sent.encode("latin-1")) <= limit


@given(TYPED, st.booleans())
def test_a_name_has_nothing_that_is_refused_in_names(typed: str, latin: bool) -> None:
    sent = stored_name(typed, 100, latin=latin)
    assert not set(sent) & set(":\t\n\r\\")
    assert sent == sent.strip()
    sent.encode()


@given(TYPED)
def test_fitting_twice_changes_nothing(typed: str) -> None:
    once = stored_name(typed, 100, latin=True)
    assert stored_name(once, 100, latin=True) == once

"""Whatever was typed, what is sent can be stored."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from avantto_qbo.model.money import Money
from avantto_qbo.quickbooks.taxlines import tax_lines
from avantto_qbo.quickbooks.text import fitted, one_line
from quickbooks_material import canadian_company, invoice, line

TYPED = st.text(st.characters(codec=None)) | st.text("：∶：ﬁ¼…™\\:\t\n é€🎉Ł\u2028\x00\ud800")


@given(TYPED, st.integers(0, 30))
def test_american_text_is_latin_1_and_not_longer_than_allowed(typed: str, limit: int) -> None:
    for sent in (fitted(typed, limit, latin=True), one_line(typed, limit, latin=True)):
        assert len(sent.encode("latin-1")) <= limit


@given(TYPED, st.booleans())
def test_a_name_has_nothing_that_is_refused_in_names(typed: str, latin: bool) -> None:
    sent = one_line(typed, 100, latin=latin)
    assert not set(sent) & set(":\t\n\r\\")
    assert sent == sent.strip()
    sent.encode()


@given(TYPED)
def test_fitting_twice_changes_nothing(typed: str) -> None:
    once = one_line(typed, 100, latin=True)
    assert one_line(once, 100, latin=True) == once


@given(st.lists(st.integers(1, 10_000_000), min_size=1, max_size=6), st.integers(1, 5_000_000), st.data())
def test_tax_lines_add_up_to_the_tax_to_the_cent(amounts: list[int], tax: int, data: st.DataObject) -> None:
    lines = tuple(
        line(Money(amount, "CAD"), tax_code=data.draw(st.sampled_from(["7", "8", "NON"]))) for amount in amounts
    )
    discount = Money(data.draw(st.integers(0, sum(amounts))), "CAD")
    draft = invoice(lines=lines, discount=discount, tax=Money(tax, "CAD"))
    made = tax_lines(draft, canadian_company())
    taxed = any(one.tax_code != "NON" for one in lines)
    assert bool(made) is taxed
    if taxed:
        assert sum((one["Amount"] for one in made), Decimal(0)) == draft.tax.amount

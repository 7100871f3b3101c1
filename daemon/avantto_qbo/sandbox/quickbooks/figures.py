"""The figures of a sales form: lines, discount, tax and total, reckoned anew whenever one of them was sent."""

from __future__ import annotations

from decimal import Decimal

from avantto_qbo.sandbox.quickbooks.american import american
from avantto_qbo.sandbox.quickbooks.codes import by_codes, tax_mode
from avantto_qbo.sandbox.quickbooks.company import ZERO, Company
from avantto_qbo.sandbox.quickbooks.draft import Draft
from avantto_qbo.sandbox.quickbooks.fields import Json
from avantto_qbo.sandbox.quickbooks.inclusive import net_lines
from avantto_qbo.sandbox.quickbooks.lines import arrange, read_lines, subtotal_of
from avantto_qbo.sandbox.quickbooks.refusals import business
from avantto_qbo.sandbox.quickbooks.taxes import Reckoned

MOST_LINES = 10_000
MOST_TAXED_LINES = 750
_FIGURES = frozenset({"Line", "TxnTaxDetail", "ApplyTaxAfterDiscount", "GlobalTaxCalculation"})


def put_figures(company: Company, draft: Draft, unit: Decimal) -> None:
    """Put lines, tax and total into the draft; the stored ones stay when nothing they depend on was sent."""
    if draft.current is not None and not draft.sent & _FIGURES:
        return
    body = draft.body
    if draft.sent & {"Line", "GlobalTaxCalculation"} and "TxnTaxDetail" not in draft.sent:
        body.pop("TxnTaxDetail", None)
    lines = read_lines(company, body.get("Line") or (), unit)
    lines, reckoned = _reckon(company, body, lines, unit)
    subtotal = subtotal_of(lines)
    total = subtotal - reckoned.discount + Decimal((reckoned.detail or {}).get("TotalTax", ZERO))
    if total < 0:
        raise business("The transaction amount must be 0 or greater")
    _check_length(lines, reckoned)
    body.setdefault("ApplyTaxAfterDiscount", False)
    arranged = arrange(lines, draft.current, subtotal, reckoned.shown)
    body.update(Line=arranged, TxnTaxDetail=reckoned.detail, TotalAmt=total)


def _reckon(company: Company, body: Json, lines: list[Json], unit: Decimal) -> tuple[list[Json], Reckoned]:
    """Return the lines before tax and what the form's tax and discount are."""
    if not company.locale.global_tax:
        body.pop("GlobalTaxCalculation", None)
        return lines, american(company, body, lines, unit)
    mode = tax_mode(company, body)
    net = net_lines(company, lines, mode, unit)
    return net, by_codes(company, body, net, mode, unit)


def _check_length(lines: list[Json], reckoned: Reckoned) -> None:
    taxed = bool((reckoned.detail or {}).get("TaxLine"))
    most = MOST_TAXED_LINES if taxed else MOST_LINES
    if len(lines) > most:
        raise business(f"A {'taxed ' if taxed else ''}transaction can have {most} lines at most")

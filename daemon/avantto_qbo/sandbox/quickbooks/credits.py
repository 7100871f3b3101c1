"""The preference to apply credits by itself: a new invoice is paid from the customer's open credit.

The vendor does so when AutoApplyCredit is on: an unapplied payment gets a line, a credit memo is used by a payment of
zero. The new invoice's Balance then differs from its total straight after the create.
"""

from __future__ import annotations

from decimal import Decimal

from avantto_qbo.sandbox.quickbooks.balances import settle
from avantto_qbo.sandbox.quickbooks.company import ZERO, Company
from avantto_qbo.sandbox.quickbooks.draft import value_of
from avantto_qbo.sandbox.quickbooks.fields import Json


def apply_credits(company: Company, invoice: Json) -> None:
    """Use the customer's unapplied payments and credit memos, oldest first, until the invoice is paid."""
    open_amount: Decimal = invoice["Balance"]
    customer = str(value_of(invoice, "CustomerRef"))
    for row in company.tables["Payment"].matching("CustomerRef", customer):
        used = min(open_amount, row.body["UnappliedAmt"])
        if used > 0:
            _extend(company, row.body, invoice, used)
            open_amount -= used
    for row in company.tables["CreditMemo"].matching("CustomerRef", customer):
        used = min(open_amount, row.body["RemainingCredit"])
        if used > 0:
            _use_memo(company, row.body, invoice, used)
            open_amount -= used


def _line(entity: str, identifier: str, amount: Decimal) -> Json:
    return {"Amount": amount, "LinkedTxn": [{"TxnId": identifier, "TxnType": entity}]}


def _extend(company: Company, payment: Json, invoice: Json, used: Decimal) -> None:
    lines = [*payment["Line"], _line("Invoice", invoice["Id"], used)]
    extended = {**payment, "Line": lines, "UnappliedAmt": payment["UnappliedAmt"] - used}
    settle(company, "Payment", payment, company.update("Payment", extended))


def _use_memo(company: Company, memo: Json, invoice: Json, used: Decimal) -> None:
    payment = {
        "CustomerRef": invoice["CustomerRef"],
        "CurrencyRef": invoice["CurrencyRef"],
        "TxnDate": invoice["TxnDate"],
        "TotalAmt": ZERO,
        "UnappliedAmt": ZERO,
        "PrivateNote": "Created by QB Online to link credits to charges.",
        "Line": [_line("Invoice", invoice["Id"], used), _line("CreditMemo", memo["Id"], used)],
        "LinkedTxn": [],
    }
    settle(company, "Payment", None, company.insert("Payment", payment))

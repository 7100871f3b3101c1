"""The exact bytes of what is done to a payment."""

from __future__ import annotations

import msgspec

from avantto_qbo.quickbooks import encode_payments
from quickbooks_material import payment
from vendor_fields import complaints


def test_a_payment_is_unlinked_by_an_empty_line() -> None:
    call = encode_payments.payment_update("301", "2", payment(invoice=""))
    assert call.path == "payment"
    assert call.body.decode() == (
        '{"Id":"301","SyncToken":"2","sparse":true,"CustomerRef":{"value":"63"},"TotalAmt":50.00,"Line":[]}'
    )
    assert complaints("Payment", call.body) == []


def test_a_payment_is_put_on_an_invoice_of_another_customer_with_all_of_its_money() -> None:
    sent = msgspec.json.decode(encode_payments.payment_update("301", "2", payment(customer="8", invoice="9")).body)
    assert sent["CustomerRef"] == {"value": "8"}
    assert sent["Line"] == [{"Amount": 50.0, "LinkedTxn": [{"TxnId": "9", "TxnType": "Invoice"}]}]

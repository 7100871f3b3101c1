"""Markers and references: how an object in the books says which of Avantto's documents it stands for.

A marker is one line, readable first, and carries full ids; whoever looks it up again compares the ids only, so that a
person may add words before and after, and a source may be renamed.
"""

from __future__ import annotations

import hashlib
import re
from typing import Final

from avantto_qbo.model.base36 import base36
from avantto_qbo.model.ids import ContactId
from avantto_qbo.model.money import Money
from avantto_qbo.rules.text import one_line

REFERENCE_LIMIT: Final = 21  # DocNumber and PaymentRefNum
_WORDS_LIMIT: Final = 200
_HEX_ID: Final = re.compile(r"[0-9a-f]{24}")
_ID: Final = r"([^\s·]*[^\s·.,;:!?()\[\]])"
_END: Final = r"(?=$|[\s·.,;:!?()\[\]])"
_SHAPES: Final = {
    "invoice": re.compile(rf"(?<!\w)Avantto invoice [^·\n]*· {_ID}{_END}"),
    "invoice payment": re.compile(rf"(?<!\w)Avantto payment {_ID} · invoice [^·\n]*· {_ID}{_END}"),
    "recorded": re.compile(rf"(?<!\w)recorded in Avantto · invoice [^·\n]*· {_ID} · (recorded:\d+){_END}"),
    "payment": re.compile(rf"(?<!\w)Avantto payment {_ID}{_END}"),
    "refund": re.compile(rf"(?<!\w)Avantto refund {_ID} · (\d+(?:\.\d+)? [A-Z]{{3}}){_END}"),
    "contact": re.compile(rf"(?<!\w)Avantto contact {_ID}{_END}"),
    "test": re.compile(rf"(?<!\w)avantto-qbo test · {_ID}{_END}"),
}


def invoice_note(number: str, invoice_id: str) -> str:
    """PrivateNote of an invoice: `Avantto invoice INV-1042 · <id>`."""
    return f"Avantto invoice {_words(number)} · {invoice_id}"


def receipt_note(transaction_id: str, source_name: str) -> str:
    """PrivateNote of a sales receipt: `Avantto payment <id> · <source>`."""
    return f"Avantto payment {transaction_id} · {_words(source_name)}"


def payment_note(transaction_id: str, number: str, invoice_id: str) -> str:
    """PrivateNote of a payment: `Avantto payment <id> · invoice INV-1042 · <invoice id>`."""
    return f"Avantto payment {transaction_id} · invoice {_words(number)} · {invoice_id}"


def recorded_note(number: str, invoice_id: str, part: str) -> str:
    """PrivateNote of money recorded without a transaction; `part` is `recorded:N`."""
    return f"recorded in Avantto · invoice {_words(number)} · {invoice_id} · {part}"


def refund_note(transaction_id: str, refunded: Money) -> str:
    """PrivateNote of a refund: `Avantto refund <id> · 40.00 USD`, where `refunded` is all that was refunded by then."""
    return f"Avantto refund {transaction_id} · {refunded}"


def customer_notes(contact: ContactId) -> str:
    """Notes of a customer: `Avantto contact <id>`."""
    return f"Avantto contact {contact}"


def test_note(run: str) -> str:
    """What every object of a test run bears: `avantto-qbo test · <run>`; it is taken back by the run itself."""
    return f"avantto-qbo test · {run}"


def is_test(text: str) -> bool:
    """Say whether an object was made by a test run, ours or another's."""
    return _SHAPES["test"].search(text) is not None


def marks(text: str) -> frozenset[tuple[str, ...]]:
    """Every marker `text` carries, as its kind and its ids."""
    found = ((kind, *match.groups()) for kind, shape in _SHAPES.items() for match in shape.finditer(text))
    return frozenset(found)


def carries(text: str, marker: str) -> bool:
    """Say whether `text` carries all of `marker`'s ids, in full; a text that is no marker is never carried."""
    wanted = marks(marker)
    return bool(wanted) and wanted <= marks(text)


def contact_of(notes: str) -> ContactId | None:
    """The contact that a customer's Notes name, if any (C4)."""
    match = _SHAPES["contact"].search(notes)
    return ContactId(match[1]) if match else None


def payment_reference(transaction_id: str) -> str:
    """PaymentRefNum of a transaction, at most 21 characters.

    24 hex digits become at most 19 digits of base 36; another id stays as it is while it fits, else its hash stands
    for it.
    """
    if _HEX_ID.fullmatch(transaction_id):
        return base36(int(transaction_id, 16))
    return transaction_id if 0 < len(transaction_id) <= REFERENCE_LIMIT else _hashed(transaction_id)


def transaction_of(reference: str) -> str:
    """Read back the 24 hex digits that `payment_reference` packed; raises ValueError for anything else."""
    number = int(reference, 36)
    if base36(number) != reference or number >= 16**24:
        raise ValueError(f"{reference} is no packed id")
    return f"{number:024x}"


def recorded_reference(invoice_id: str, part: str) -> str:
    """PaymentRefNum of money recorded without a transaction: the invoice's id and the part's number."""
    reference = f"{payment_reference(invoice_id)}-{part.rpartition(':')[2]}"
    return reference if len(reference) <= REFERENCE_LIMIT else _hashed(f"{invoice_id} {part}")


def refund_reference(transaction_id: str, ordinal: int) -> str:
    """DocNumber of the `ordinal`-th refund of a transaction, at most 21 characters."""
    reference = f"{payment_reference(transaction_id)}-{ordinal}"
    return reference if len(reference) <= REFERENCE_LIMIT else _hashed(f"{transaction_id} refund {ordinal}")


def _hashed(text: str) -> str:
    return base36(int.from_bytes(hashlib.sha256(text.encode()).digest()))[:REFERENCE_LIMIT]


def _words(text: str) -> str:
    return one_line(text.replace("·", "-"), _WORDS_LIMIT) or "-"

"""The local index of a realm's customers: keyed hashes only, good for matching without asking the vendor."""

from __future__ import annotations

from avantto_qbo.journal.connection import Connection, Row
from avantto_qbo.journal.instants import to_instant, to_text
from avantto_qbo.model.ids import CustomerId, RealmId
from avantto_qbo.model.records import IndexedCustomer


def remember(db: Connection, customer: IndexedCustomer) -> bool:
    """Index a customer under its name, e-mails and phones. False, and nothing changes, when a newer row is known."""
    remembered = db.run(
        "customers.remember",
        realm=customer.realm,
        id=customer.id,
        updated_at=to_text(customer.updated_at),
        created_at=to_text(customer.created_at),
        sync_token=customer.sync_token,
        active=customer.active,
        job=customer.job,
        project=customer.project,
        name_key=customer.name_key,
        email_keys=" ".join(customer.email_keys),
        phone_keys=" ".join(customer.phone_keys),
        currency=customer.currency,
    )
    if remembered:
        _index(db, customer)
    return bool(remembered)


def by_email_key(db: Connection, realm: RealmId, key: str) -> list[IndexedCustomer]:
    """Return the customers that have this e-mail, oldest created first, inactive ones too; "" matches nobody."""
    return _by_key(db, realm, "email", key)


def by_phone_key(db: Connection, realm: RealmId, key: str) -> list[IndexedCustomer]:
    """Return the customers that have this phone, oldest created first, inactive ones too; "" matches nobody."""
    return _by_key(db, realm, "phone", key)


def by_name_key(db: Connection, realm: RealmId, key: str) -> list[IndexedCustomer]:
    """Return the customers of this name, oldest created first, inactive ones too; "" matches nobody."""
    if not key:
        return []
    return [_customer(row) for row in db.run("customers.by_name", realm=realm, key=key)]


def get(db: Connection, realm: RealmId, customer: CustomerId) -> IndexedCustomer | None:
    """Return one customer."""
    rows = db.run("customers.get", realm=realm, id=customer)
    return _customer(rows[0]) if rows else None


def retire(db: Connection, realm: RealmId, customer: CustomerId) -> None:
    """Take a customer as inactive, as a refusal of QuickBooks showed, until the change feed says otherwise."""
    db.run("customers.retire", realm=realm, id=customer)


def count(db: Connection, realm: RealmId) -> int:
    """Count the realm's indexed customers, inactive ones too."""
    return int(db.run("customers.count", realm=realm)[0]["customers"])


def _index(db: Connection, customer: IndexedCustomer) -> None:
    db.run("customers.drop_keys", realm=customer.realm, customer=customer.id)
    for kind, keys in (("email", customer.email_keys), ("phone", customer.phone_keys)):
        for key in filter(None, keys):
            db.run("customers.add_key", realm=customer.realm, customer=customer.id, kind=kind, key=key)


def _by_key(db: Connection, realm: RealmId, kind: str, key: str) -> list[IndexedCustomer]:
    return [_customer(row) for row in db.run("customers.by_key", realm=realm, kind=kind, key=key)]


def _customer(row: Row) -> IndexedCustomer:
    return IndexedCustomer(
        realm=RealmId(row["realm"]),
        id=CustomerId(row["id"]),
        updated_at=to_instant(row["updated_at"]),
        created_at=to_instant(row["created_at"]),
        sync_token=row["sync_token"],
        active=bool(row["active"]),
        job=bool(row["job"]),
        project=bool(row["project"]),
        name_key=row["name_key"],
        email_keys=tuple(row["email_keys"].split()),
        phone_keys=tuple(row["phone_keys"].split()),
        currency=row["currency"],
    )

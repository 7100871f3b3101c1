"""A write that QuickBooks refused because of what it names: made inactive, merged or deleted there since."""

from __future__ import annotations

from typing import Final

from avantto_qbo.actors import merging
from avantto_qbo.actors.books.customers import Customers
from avantto_qbo.actors.desk import Desk, Later
from avantto_qbo.journal import customers as index
from avantto_qbo.journal import operations
from avantto_qbo.journal.connection import Connection
from avantto_qbo.model.avantto import Person
from avantto_qbo.model.ids import CustomerId, OperationId
from avantto_qbo.model.operation import Operation, Reason, State
from avantto_qbo.model.outcome import Fault
from avantto_qbo.model.records import Link
from avantto_qbo.quickbooks import lookups

# The customer is refused in several ways; 610 can also be the document itself, 2500 an item or an account.
_CODES: Final = frozenset({"refused.2500", "refused.610", "refused.6250"})
_FORGOTTEN: Final = "superseded.customer"
_LET_GO: Final = Reason(_FORGOTTEN, "QuickBooks does not take its customer, or something else it names, any more.")


class FormerCustomers:
    """Looks for another customer for a refused document, once for each version of it.

    What else it names is looked up again with the company's facts: an item or an account may be inactive by now.
    """

    def __init__(self, desk: Desk, customers: Customers) -> None:
        self._desk, self._customers = desk, customers

    async def replaced(self, person: Person, currency: str, later: Later, fault: Fault | None) -> bool:
        """Forget the customer of `person` if the refusal may be about it, and let the operation go `later` names.

        True when the plan is to be made anew.
        """
        op = await self._refused(later)
        if op is None or fault is None:
            return False
        if not fault.field or "customer" in fault.field.lower():
            await self._customers.forget(person, currency)
        self._desk.realm.forget_company()
        await self._desk.let_go(op, _LET_GO)
        return True

    async def merged(self, link: Link, customer: CustomerId, later: Later) -> bool:
        """Was a payment or refund for `customer` refused because of a merge that no webhook told of?

        Costs one read: the sale it is for, `link`, stands under whoever the customer is now. True when the plan is to
        be made anew.
        """
        op = await self._refused(later)
        if op is None:
            return False
        read = lookups.by_id(link.entity, link.object_id)
        found = await self._desk.realm.access.read(read, key=self._desk.location)
        owner = CustomerId(lookups.customer_of(found[0])) if found else customer
        realm, now = self._desk.realm.realm, self._desk.now()

        def follow(db: Connection) -> None:
            if owner != customer:
                index.retire(db, realm, customer)
                merging.follow(db, realm, customer, owner, now)

        self._desk.realm.forget_company()
        await self._desk.let_go(op, _LET_GO, follow)
        return True

    async def _refused(self, later: Later) -> Operation | None:
        """The held operation, if something it names was refused, and for the first time in this version."""
        name = OperationId(later.waiting_for)
        op = await self._desk.house.journal.read(lambda db: operations.get(db, name))
        if op is None or op.state is not State.HELD or op.reason is None or op.reason.code not in _CODES:
            return None
        chain = await self._desk.house.journal.read(lambda db: operations.of_chain(db, op.location, op.chain))
        before = (one for one in chain if (one.kind, one.version) == (op.kind, op.version))
        return None if any(one.reason and one.reason.code == _FORGOTTEN for one in before) else op

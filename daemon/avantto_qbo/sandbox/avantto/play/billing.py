"""Control actions about invoices as documents: written, sent, changed, voided, deleted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from avantto_qbo.sandbox.avantto import charges, invoices
from avantto_qbo.sandbox.avantto.documents import Json, exact
from avantto_qbo.sandbox.avantto.lines import lines
from avantto_qbo.sandbox.avantto.parties import contact_details
from avantto_qbo.sandbox.avantto.play.base import Amount, Items, Person, PlayBase, given
from avantto_qbo.sandbox.avantto.world import Location


class BillingPlay(PlayBase):
    """Invoices from draft to gone."""

    def create_invoice(
        self,
        location: str,
        contact: Person,
        items: Items,
        discount: Json | None = None,
        number: str | None = None,
        issue_date: str | None = None,
        due_date: str | None = None,
        live: bool = True,
        created_at: str | None = None,
        currency: str | None = None,
        name: str | None = None,
        tips: list[Any] | None = None,
        late_fee: Mapping[str, Any] | None = None,
        processing_fees: list[Mapping[str, Any]] | None = None,
        payment_schedule: Mapping[str, Any] | None = None,
        automatic_tax_rate: Amount | None = None,
    ) -> Json:
        """Create a draft and return it in full.

        Items are `{name, qty=1, amount, taxes=[{name, rate}], productId?, sku?, taxInclusive?, description?}`; a
        discount is `{type: percentage|fixed, value, validOnProductIds?}`. `contact` with an id and an e-mail bills that
        e-mail. `tips` are the percentages on offer, a late fee is `{value, type: fixed|percentage}`, a processing fee
        `{charge, type: percentage|fixed, name?}`, a payment schedule `{type, schedules: [{value, dueDate?}]}`.
        `automatic_tax_rate` (percent) lets the vendor's own engine tax the document, whose lines then name no tax.
        """
        place, world = self._world.location(location), self._world
        members = given(
            discount=discount,
            invoiceNumber=number,
            issueDate=issue_date,
            dueDate=due_date,
            liveMode=live,
            createdAt=created_at,
            currency=currency,
            name=name,
            tipsConfiguration=None if tips is None else charges.tips(tips),
            lateFeesConfiguration=None if late_fee is None else charges.late_fees(late_fee),
            miscellaneousCharges=None if processing_fees is None else charges.processing_fees(world, processing_fees),
            paymentSchedule=None if payment_schedule is None else charges.schedule(world, payment_schedule),
        )
        rate = None if automatic_tax_rate is None else exact(automatic_tax_rate)
        invoice = invoices.create(world, place, self._billed(place, contact), items, members, rate)
        return invoices.shown(place, invoice)

    def edit_invoice(
        self,
        location: str,
        invoice: str,
        items: Items | None = None,
        discount: Json | None = None,
        due_date: str | None = None,
        number: str | None = None,
        contact: Person | None = None,
        issue_date: str | None = None,
        email: str | None = None,
        name: str | None = None,
        payment_schedule: Mapping[str, Any] | None = None,
    ) -> Json:
        """Change what is given; totals, amount due and status follow. `email` is where the invoice is sent to."""
        place, found = self._invoice(location, invoice)
        party = None if contact is None else contact_details(self._billed(place, contact))
        if email is not None:
            party = {**(party or found["contactDetails"]), "email": email}
        changes = given(
            invoiceItems=None if items is None else lines(self._world, found["currency"], items),
            discount=discount,
            dueDate=due_date,
            issueDate=issue_date,
            invoiceNumber=number,
            contactDetails=party,
            name=name,
            paymentSchedule=None if payment_schedule is None else charges.schedule(self._world, payment_schedule),
        )
        return invoices.shown(place, invoices.edit(self._world, place, found, changes))

    def send_invoice(self, location: str, invoice: str) -> Json:
        """Mark as sent; with the knob `resend_void` a void invoice is sent again."""
        place, found = self._invoice(location, invoice)
        return invoices.shown(place, invoices.send(self._world, place, found))

    def charge_late_fee(self, location: str, invoice: str, amount: Amount | None = None) -> Json:
        """Add a late fee (default: the one configured, a percentage being of the total)."""
        place, found = self._invoice(location, invoice)
        fee = charges.late_fee(found) if amount is None else exact(amount)
        return invoices.shown(place, invoices.charge_late_fee(self._world, place, found, fee))

    def void_invoice(self, location: str, invoice: str) -> Json:
        """Void, paid or not."""
        place, found = self._invoice(location, invoice)
        return invoices.shown(place, invoices.void(self._world, place, found))

    def delete_invoice(self, location: str, invoice: str) -> Json:
        """Delete; reading it answers 404 from now on."""
        place, found = self._invoice(location, invoice)
        return invoices.shown(place, invoices.delete(self._world, place, found))

    def _billed(self, place: Location, contact: Person) -> Json:
        """Return the contact with the members this document gives it."""
        found = self._person(place, contact)
        own: Mapping[str, Any] = {} if isinstance(contact, str) else contact
        return {**found, **{name: own[name] for name in ("name", "email", "phone") if own.get(name)}}

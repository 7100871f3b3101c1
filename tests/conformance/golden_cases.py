"""The documents of the golden samples: one for each rule a bookkeeper may want to check, in a company that shows it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final

import msgspec

from avantto_qbo.avantto.invoices import decode_invoice
from avantto_qbo.avantto.orders import decode_order, order_from_webhook
from avantto_qbo.avantto.rows import decode_transaction, merge_transaction
from avantto_qbo.model.settings import Settings
from avantto_qbo.sandbox.avantto import orders, transactions
from properties.ground import BUYER, PLACE, Ground, wire
from properties.mirror import Mirror

STATE: Final = {"name": "State", "rate": "6.25"}
CITY: Final = {"name": "City", "rate": "2"}
SALES_TAX: Final = {"name": "Sales Tax", "rate": "8.25"}
VAT: Final = {"name": "VAT", "rate": "20"}
REDUCED: Final = {"name": "Reduced VAT", "rate": "5"}
GST: Final = {"name": "GST", "rate": "5"}
PST: Final = {"name": "PST", "rate": "7"}
HST: Final = {"name": "HST", "rate": "13"}
AU_GST: Final = {"name": "GST", "rate": "10"}
PAINT: Final = "65f000000000000000000001"
_HOMES: Final = {"uk": "GBP", "ca": "CAD", "au": "AUD"}


@dataclass(frozen=True)
class Golden:
    """One sample: what happens in Avantto, in which company, and what it shows."""

    kind: str
    name: str
    shows: str
    play: Callable[[Scene], None]
    books: Mapping[str, Any] = field(default_factory=dict)
    crm: Mapping[str, Any] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)
    currency: str = ""


class Scene:
    """Both sides of one sample: what Avantto shows, and each write to QuickBooks in order."""

    def __init__(self, golden: Golden) -> None:
        self.ground = Ground(golden.kind, golden.books, golden.crm, golden.currency or _HOMES.get(golden.kind, "USD"))
        settings = msgspec.convert({"refund_account": "Checking", **golden.settings}, Settings)
        if settings.class_:
            self.ground.play_books("Class", settings.class_)
        if settings.department:
            self.ground.play_books("Department", settings.department)
        self.mirror = Mirror.of(self.ground, settings)
        self.avantto: dict[str, Any] = {}
        self.left: tuple[Any, ...] = ()

    def bill(self, *items: dict[str, Any], **members: Any) -> str:
        """Send an invoice; returns its id."""
        made = self.ground.play.create_invoice(PLACE, BUYER, list(items), **members)
        return str(self.ground.play.send_invoice(PLACE, made["_id"])["_id"])

    def mirrored(self, invoice: str) -> None:
        """Bring the books level with an invoice and its payments."""
        place = self.ground.crm.world.location(PLACE)
        shown = {name: value for name, value in place.invoices[invoice].items() if name != "ledger"}
        rows = [transactions.row(row) for row in place.transactions.values()]
        self.avantto = {"invoice": shown, **({"transactions": rows} if rows else {})}
        self.left = self.mirror.invoice(
            decode_invoice(PLACE, wire(shown)), *(decode_transaction(PLACE, wire(row)) for row in rows)
        )

    def received(self, sold: Mapping[str, Any]) -> None:
        """Bring the books level with a sale paid at once; the order's webhook came."""
        place = self.ground.crm.world.location(PLACE)
        kept = place.transactions[sold["transaction"]["_id"]]
        order = place.orders[sold["order"]["_id"]]
        told = {name: value for name, value in order.items() if name != "terms"}
        self.avantto = {"order": told, "transaction": transactions.row(kept)}
        row = decode_transaction(PLACE, wire(transactions.row(kept)))
        detail = decode_transaction(PLACE, wire(transactions.detail(kept, "trace")))
        self.left = self.mirror.receipt(
            merge_transaction(row, detail),
            decode_order(PLACE, wire(orders.detail(order, "trace"))),
            order_from_webhook(wire({**told, "locationId": PLACE})),
        )


def item(name: str, amount: str, *taxes: dict[str, Any], qty: str = "1", **more: Any) -> dict[str, Any]:
    """One line in Avantto."""
    return {"name": name, "amount": Decimal(amount), "qty": Decimal(qty), "taxes": list(taxes), **more}


def _invoice(*items: dict[str, Any], **members: Any) -> Callable[[Scene], None]:
    return lambda scene: scene.mirrored(scene.bill(*items, **members))


def _sale(*items: dict[str, Any], **members: Any) -> Callable[[Scene], None]:
    return lambda scene: scene.received(scene.ground.play.sell(PLACE, BUYER, list(items), **members))


def _paid(*items: dict[str, Any], pay: Mapping[str, Any], **members: Any) -> Callable[[Scene], None]:
    def play(scene: Scene) -> None:
        invoice = scene.bill(*items, **members)
        scene.ground.play.pay_invoice(PLACE, invoice, **pay)
        scene.mirrored(invoice)

    return play


def _late(scene: Scene) -> None:
    invoice = scene.bill(item("Fence", "200"), late_fee={"value": "15"})
    scene.ground.play.charge_late_fee(PLACE, invoice)
    scene.mirrored(invoice)


def _refunded(scene: Scene) -> None:
    sold = scene.ground.play.sell(PLACE, BUYER, [item("Course", "80", SALES_TAX), item("Book", "20")])
    scene.received(sold)
    scene.ground.play.refund(PLACE, sold["transaction"]["_id"], "40")
    scene.received(sold)


def _renewal(scene: Scene) -> None:
    begun = scene.ground.play.start_subscription(PLACE, BUYER, [item("Membership", "30", SALES_TAX)], setup_fee="50")
    scene.received(begun)


def _edited(scene: Scene) -> None:
    invoice = scene.bill(item("Wash", "40", SALES_TAX), item("Wax", "25"))
    scene.mirrored(invoice)
    scene.ground.play.edit_invoice(PLACE, invoice, items=[item("Wash", "40", SALES_TAX), item("Wax", "30")])
    scene.mirrored(invoice)


_TWO_COATS: Final = item("Paint", "50", SALES_TAX, qty="2", productId=PAINT)
_UNTAXED_UK: Final = {"tax_codes": {"none": "No VAT"}}
GOLDEN: Final = (
    Golden("us", "two_taxes", "Two taxes on a line, a line without; TAX and NON, the exact total tax.",
           _invoice(item("Repair", "120", STATE, CITY), item("Advice", "35.50"))),
    Golden("us", "discount_percent", "A discount on everything is a discount line.",
           _invoice(_TWO_COATS, item("Brush", "12"), discount={"type": "percentage", "value": 10})),
    Golden("us", "discount_on_products", "A discount for one product only is a negative line with the same code.",
           _invoice(_TWO_COATS, item("Brush", "12"),
                    discount={"type": "fixed", "value": 20, "validOnProductIds": [PAINT]})),
    Golden("us", "discount_not_allowed", "The company allows no discounts: negative lines, one for each tax code.",
           _invoice(_TWO_COATS, item("Brush", "12"), discount={"type": "percentage", "value": 10}),
           books={"allow_discount": False}),
    Golden("us", "inclusive", "Prices with tax become net; the description says what was charged.",
           _invoice(item("Ticket", "21.65", SALES_TAX, qty="3", taxInclusive=True))),
    Golden("us", "fractions", "A quantity with four decimals; Avantto rounds the sum, the largest line takes the cent.",
           _invoice(item("Hours", "33.33", qty="1.0755"), item("Miles", "0.655", qty="12.3"))),
    Golden("us", "tip", "Paid above the total, with tips switched on: the tip has a line of its own.",
           _paid(item("Dinner", "60", SALES_TAX), pay={"tip": "9"}, tips=[10, 15])),
    Golden("us", "late_fee", "A late fee that Avantto adds to the total has a line of its own.", _late,
           crm={"late_fee_in": "total"}),
    Golden("us", "part_payment", "Half is paid by card: one payment, linked to the invoice.",
           _paid(item("Garden", "100", SALES_TAX), pay={"amount": "50"})),
    Golden("us", "edited", "A line changed after sending: the lines go again, and nothing else.", _edited),
    Golden("us", "class_and_department", "Class on each line, department on the document.",
           _invoice(item("Walk", "18"), item("Bath", "30", SALES_TAX)),
           books={"class_tracking": True, "department_tracking": True},
           settings={"class": "North", "department": "Harbour"}),
    Golden("us", "yen", "A currency without decimals, in a company with several currencies.",
           _invoice(item("Tour", "12800", qty="2"), currency="JPY"), books={"multicurrency": True}, currency="JPY"),
    Golden("us", "shipping_and_coupon", "A checkout with coupon and shipping: one sales receipt.",
           _sale(item("Mug", "14", SALES_TAX, qty="4"), coupon={"code": "SPRING", "type": "percentage", "value": 10},
                 shipping="6.90")),
    Golden("us", "deposit", "A part of an order is charged: every line in proportion.",
           _sale(item("Table", "900", SALES_TAX), item("Chair", "100", qty="4"), charged="250")),
    Golden("us", "refund_in_part", "A part goes back: one refund receipt in the original's proportion.", _refunded),
    Golden("us", "set_up_fee", "The first charge of a subscription with its set-up fee.", _renewal),
    Golden("us_recompute", "tax_as_line", "The engine computed another total: corrected, tax on the liability account.",
           _invoice(item("Repair", "100", {"name": "County", "rate": "7"}), item("Advice", "35.50"))),
    Golden("us_no_tax", "tax_as_line", "Sales tax is off in the company: tax on the liability account.",
           _invoice(item("Repair", "100", SALES_TAX))),
    Golden("us_manual", "one_code", "The company keeps its codes by hand: one code for the document.",
           _invoice(item("Repair", "100", STATE, CITY), item("Advice", "20"))),
    Golden("us_manual", "two_codes", "Two codes in one document: tax on the liability account.",
           _invoice(item("Repair", "100", STATE, CITY), item("Poster", "40", {"name": "Colorado", "rate": "2.9"}))),
    Golden("uk", "exclusive", "Two rates, one TaxLine for each.",
           _invoice(item("Repair", "100", VAT), item("Heating", "59.99", REDUCED))),
    Golden("uk", "inclusive", "Prices with VAT stay visible as TaxInclusiveAmt.",
           _invoice(item("Repair", "120", VAT, taxInclusive=True), item("Heating", "63", REDUCED, taxInclusive=True))),
    Golden("uk", "mixed", "Some prices with VAT, some without, one untaxed: all become net.",
           _invoice(item("Repair", "100", VAT), item("Part", "9.99", VAT, taxInclusive=True), item("Stamp", "3")),
           settings=_UNTAXED_UK),
    Golden("uk", "inclusive_discount", "A discount beside prices with VAT: net prices, net discount.",
           _invoice(item("Repair", "120", VAT, taxInclusive=True), discount={"type": "fixed", "value": 12})),
    Golden("ca", "gst_and_pst", "Two taxes on a line are one code with both rates.",
           _invoice(item("Paddle", "150", GST, PST), item("Book", "20", GST))),
    Golden("ca", "hst", "One tax, one rate.", _invoice(item("Paddle", "149.99", HST, qty="3"))),
    Golden("au", "gst_inclusive", "Prices with GST and a line without tax.",
           _invoice(item("Surf lesson", "88", AU_GST, taxInclusive=True), item("Fruit", "4.40"))),
)  # fmt: skip

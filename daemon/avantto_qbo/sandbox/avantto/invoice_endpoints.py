"""Endpoints about invoices; the API's write endpoints are left out, people in the UI change invoices."""

from __future__ import annotations

from avantto_qbo.sandbox.avantto import invoices
from avantto_qbo.sandbox.avantto.documents import Json, refuse, unprocessable
from avantto_qbo.sandbox.avantto.filters import mentions, mode_fits, within
from avantto_qbo.sandbox.avantto.routing import Call, Route, members, owned


def _list_invoices(call: Call) -> Json:
    query = call.query
    if query.get("status", "draft") not in invoices.STATUSES:
        unprocessable([f"status must be one of the following values: {', '.join(invoices.STATUSES)}"])
    found = [
        invoice
        for invoice in call.location.invoices.values()
        if query.get("status", invoice["status"]) == invoice["status"]
        and query.get("contactId", invoice["contactDetails"]["id"]) == invoice["contactDetails"]["id"]
        and mode_fits(query.get("paymentMode"), invoice["liveMode"])
        and mentions(query.get("search"), _searchable(invoice))
        # Which date the vendor filters is not documented; its only sort field is the issue date.
        and within(query, invoice["issueDate"])
    ]
    field = "issueDate" if query.get("sortField") else "createdAt"
    descending = query.get("sortOrder", "descend") == "descend"
    found.sort(key=lambda invoice: (str(invoice[field]), str(invoice["_id"])), reverse=descending)
    limit, offset = call.page()
    return {
        "invoices": [invoices.shown(call.location, invoice) for invoice in found[offset : offset + limit]],
        "total": len(found),
        "traceId": call.trace(),
    }


def _read_invoice(call: Call) -> Json:
    found = owned(call, call.location.invoices, call.path["invoiceId"])
    if found is not None:
        return invoices.shown(call.location, found)
    gone = call.location.deleted_invoices.get(call.path["invoiceId"])
    if gone is None or not call.location.knobs.deleted_invoice_flag:
        refuse(404, "Invoice not found", "Not Found")
    return {**invoices.shown(call.location, gone), "deleted": True}


def _searchable(invoice: Json) -> list[object]:
    contact = invoice["contactDetails"]
    return [invoice["_id"], invoice["invoiceNumber"], contact.get("name"), contact.get("email"), contact.get("phoneNo")]


ROUTES = (
    Route(
        "GET",
        "/invoices",
        "invoices.list",
        _list_invoices,
        "invoices.readonly",
        query=members(
            "altId",
            "altType",
            "limit",
            "offset",
            optional="status startAt endAt search paymentMode contactId sortField sortOrder",
        ),
    ),
    Route(
        "GET",
        "/invoices/{invoiceId}",
        "invoices.read",
        _read_invoice,
        "invoices.readonly",
        query=members("altId", "altType"),
    ),
)

"""The taxes on documents that are held until a person chooses a tax code for them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

import msgspec

from avantto_qbo.actors.books.cases import Cases
from avantto_qbo.errors import AuthError, AvanttoQboError, RejectedError, TransientError
from avantto_qbo.model.avantto import Tax
from avantto_qbo.model.ids import LocationId
from avantto_qbo.model.operation import Operation
from avantto_qbo.rules.books.company.taxcodes import mapping, tax_key
from avantto_qbo.rules.books.sale.charge import order_of
from avantto_qbo.rules.books.sale.lines import SoldLine, sold

TAX_CODE: Final = "tax_code"
_LOOKS: Final = 10  # documents read in Avantto for one answer; there are rarely more taxes than that


class Seen(msgspec.Struct, frozen=True):
    """One tax, or several on one line, by the name it is mapped under.

    `taxes` is None where only the name is known; `documents` are held for exactly this.
    """

    name: str
    taxes: tuple[Tax, ...] | None = None
    documents: tuple[str, ...] = ()


def waiting_names(location: LocationId, held: Iterable[Operation]) -> dict[str, list[Operation]]:
    """The operations held for a tax code by the name of the tax, the oldest first."""
    found: dict[str, list[Operation]] = {}
    for op in held:
        if op.reason is not None and op.reason.code == TAX_CODE:
            found.setdefault(_name_in(op.reason.mend, location), []).append(op)
    return found


def _name_in(mend: str, location: LocationId) -> str:
    """Read the tax back from the command that maps it."""
    before, after = mapping(location, "\0").split("\0")
    return mend.removeprefix(before).removesuffix(after)


async def seen(cases: Cases | None, waiting: Mapping[str, list[Operation]]) -> tuple[tuple[Seen, ...], str]:
    """Every tax on the oldest document held for each name, those that wait first; and why one could not be read."""
    found = {name: Seen(name, documents=tuple(_told(op) for op in ops)) for name, ops in waiting.items()}
    problem = ""
    for ops in list(waiting.values())[:_LOOKS]:
        try:
            lines = await _lines(cases, ops[0]) if cases is not None else ()
        except (TransientError, RejectedError, AuthError) as error:
            problem = problem or _because(ops[0], error)
            continue
        for line in lines:
            name = tax_key(line.taxes)
            known = found.get(name, Seen(name))
            if known.taxes is None:
                found[name] = msgspec.structs.replace(known, taxes=line.taxes)
    return tuple(found.values()), problem


def _told(op: Operation) -> str:
    return f"{op.source.kind} {op.source.id}"


def _because(op: Operation, error: AvanttoQboError) -> str:
    return f"{_told(op)} could not be read in Avantto: {error}"


async def _lines(cases: Cases, op: Operation) -> tuple[SoldLine, ...]:
    if op.source.kind == "invoice":
        bill = await cases.invoice(op.source.id)
        return sold(bill.invoice.items) if bill is not None else ()
    sale = await cases.receipt(op.source.id)
    order = order_of(sale) if sale is not None else None
    return sold(order.items) if order is not None else ()

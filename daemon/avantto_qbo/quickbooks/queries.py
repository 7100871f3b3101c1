"""Statements of Intuit's query language, and the pages that answer them.

Source: Intuit, Data queries. Inactive names are hidden unless asked for; pages start at 1 and hold at most 1,000;
an empty page has no member for the entity at all.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final, TypeVar
from urllib.parse import quote

import msgspec

from avantto_qbo.errors import RejectedError
from avantto_qbo.model.page import Page, page_of
from avantto_qbo.quickbooks.faults import RawFault, error_of, fault_in

S = TypeVar("S")
PAGE: Final = 1000
ALSO_INACTIVE: Final = "Active IN (true,false)"


def statement(entity: str, *conditions: str, order: str = "", start: int = 1, size: int = PAGE) -> str:
    """Write a select of one page; conditions are joined by `and`, the language has nothing else."""
    words = ["select * from", entity]
    words += ["where", " and ".join(conditions)] if conditions else []
    words += ["orderby", order] if order else []
    return " ".join([*words, f"startposition {start} maxresults {size}"])


def query_path(text: str) -> str:
    """Return the path of a read that asks `text`."""
    return f"query?query={quote(text, safe='')}"


def literal(text: str) -> str:
    """Quote a value. An apostrophe takes a backslash; whether a backslash can be escaped is UNVERIFIED: dropped."""
    return "'" + text.replace("\\", "").replace("'", "\\'") + "'"


def stamp(moment: datetime) -> str:
    """Write an instant the way both queries and the change feed take it, to the second below."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def page(body: bytes, entity: str, shape: type[S]) -> tuple[S, ...]:
    """Read the objects of one query answer; an empty answer is no object."""
    return objects(msgspec.json.decode(body, type=_Answer).response, entity, shape)


def answered_at(body: bytes) -> datetime | None:
    """When the server says it answered, by its own clock; None where nothing readable says so."""
    try:
        return msgspec.json.decode(body, type=_Stamped).time
    except msgspec.ValidationError:
        return None


def rows_page(body: bytes, entity: str, read: Callable[[msgspec.Raw], S]) -> Page[S]:
    """Read the rows of one query answer, each by itself."""
    return rows_in(msgspec.json.decode(body, type=_Answer).response, entity, read)


def rows_in(response: dict[str, msgspec.Raw], entity: str, read: Callable[[msgspec.Raw], S]) -> Page[S]:
    """Read the rows of one entity out of a QueryResponse, each by itself: one that makes no sense is only named."""
    found = msgspec.json.decode(response.get(entity, b"[]"), type=list[msgspec.Raw])
    return page_of(found, read, "Id")


def objects(response: dict[str, msgspec.Raw], entity: str, shape: type[S]) -> tuple[S, ...]:
    """Read the objects of one entity out of a QueryResponse."""
    found = response.get(entity)
    if found is None:
        return ()
    reader = msgspec.json.Decoder(shape)
    return tuple(reader.decode(one) for one in msgspec.json.decode(found, type=list[msgspec.Raw]))


def raise_fault(part: dict[str, msgspec.Raw], realm: str = "") -> None:
    """Raise what a part of a batch or change feed answer says went wrong, if it says so."""
    raw = fault_of_part(part)
    if raw is not None:
        raise error_of(realm, 200, raw)


def fault_of_part(part: dict[str, msgspec.Raw]) -> RawFault | None:
    """Return the fault standing in one part of an answer."""
    return fault_in({name: msgspec.json.decode(part[name]) for name in ("Fault", "fault") if name in part})


class _Answer(msgspec.Struct, frozen=True):
    response: dict[str, msgspec.Raw] = msgspec.field(name="QueryResponse")


class _Stamped(msgspec.Struct, frozen=True):
    time: datetime | None = None


def only(body: bytes, entity: str, shape: type[S]) -> S:
    """Read the object of a read by id; raise RejectedError where the answer holds none."""
    member = msgspec.json.decode(body, type=dict[str, msgspec.Raw]).get(entity)
    if member is None:
        raise RejectedError("no-object", f"the answer holds no {entity}")
    return msgspec.json.decode(member, type=shape)

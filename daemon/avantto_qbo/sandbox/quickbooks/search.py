"""Answering a query: which objects of a company fit a `Statement`, in which order, which page."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation
from operator import eq, ge, gt, le, lt
from typing import Any

from avantto_qbo.sandbox.quickbooks.company import SERVER_ZONE, Company
from avantto_qbo.sandbox.quickbooks.entities import ENTITIES, Entity
from avantto_qbo.sandbox.quickbooks.fields import Json
from avantto_qbo.sandbox.quickbooks.refusals import query_invalid
from avantto_qbo.sandbox.quickbooks.statement import Condition, Order, Statement
from avantto_qbo.sandbox.quickbooks.table import Row, Table, plain_value

Test = Callable[[Row], bool]
_BY_LOWER: Mapping[str, Entity] = {name.lower(): entity for name, entity in ENTITIES.items()}
_COMPARISONS: Mapping[str, Callable[[Any, Any], bool]] = {"=": eq, "<": lt, ">": gt, "<=": le, ">=": ge}


def answer(company: Company, statement: Statement) -> Json:
    """Return the `QueryResponse` object; raise `RefusedError` 4001 for what cannot be asked."""
    entity = _BY_LOWER.get(statement.entity.lower())
    if entity is None:
        raise query_invalid(f"Metadata not found for Entity: {statement.entity}")
    found = _fitting(company, entity, statement)
    if statement.count:
        return {"totalCount": len(found)}
    for order in reversed(statement.orders):
        found.sort(key=_sort_key(entity, order), reverse=order.descending)
    page = [row.body for row in found[statement.start - 1 : statement.start - 1 + statement.limit]]
    if not page:
        return {}
    return {
        entity.name: page,
        "startPosition": statement.start,
        "maxResults": len(page),
        "totalCount": len(found),
    }


def _fitting(company: Company, entity: Entity, statement: Statement) -> list[Row]:
    members = [_member(entity, condition.member) for condition in statement.conditions]
    tests = [_test(entity, member, condition) for member, condition in zip(members, statement.conditions, strict=True)]
    if "Active" in entity.filterable and "Active" not in members:
        tests.append(lambda row: row.body.get("Active", True))
    if company.knobs.query_lag > 0:
        visible_until = company.now() - timedelta(seconds=company.knobs.query_lag)
        tests.append(lambda row: row.created <= visible_until)
    candidates = _candidates(company.tables[entity.name], members, statement.conditions)
    return [row for row in candidates if all(test(row) for test in tests)]


def _candidates(table: Table, members: list[str], conditions: Iterable[Condition]) -> Iterable[Row]:
    """Narrow the search by an Id or an index where an equality allows it."""
    for member, condition in zip(members, conditions, strict=True):
        if condition.operator not in {"=", "in"}:
            continue
        if member == "Id":
            return [row for value in condition.values if (row := table.get(value)) is not None]
        if member in table.entity.indexed:
            wanted = {value.casefold(): value for value in condition.values}
            return [row for value in wanted.values() for row in table.matching(member, value)]
    return table.rows()


def _member(entity: Entity, written: str) -> str:
    lowered = written.lower()
    for member in entity.filterable:
        if member.lower() == lowered:
            return member
    raise query_invalid(f"property '{written}' is not queryable")


def _test(entity: Entity, member: str, condition: Condition) -> Test:
    if member == "Id" and condition.operator not in {"=", "in"}:
        raise query_invalid(f"operator {condition.operator} is not supported for property 'Id'")
    kind = entity.filterable[member]
    read = reader(member, kind)
    if condition.operator == "like":
        pattern = _like(condition.values[0])
        return lambda row: (value := read(row)) is not None and pattern.fullmatch(str(value)) is not None
    wanted = [_literal(kind, member, value) for value in condition.values]
    if condition.operator == "in":
        return lambda row: read(row) in wanted
    compare, one = _COMPARISONS[condition.operator], wanted[0]
    return lambda row: (value := read(row)) is not None and compare(value, one)


def reader(member: str, kind: str) -> Callable[[Row], Any]:
    """Return a function from a row to the comparable value of one member."""
    if member == "MetaData.CreateTime":
        return lambda row: row.created
    if member == "MetaData.LastUpdatedTime":
        return lambda row: row.updated
    if kind in {"text", "ref", "email"}:
        return lambda row: None if (value := plain_value(row.body.get(member))) is None else str(value).casefold()
    if kind == "flag":
        return lambda row: bool(row.body.get(member, member == "Active"))
    return lambda row: row.body.get(member)


def _like(pattern: str) -> re.Pattern[str]:
    parts = [re.escape(part) for part in pattern.casefold().split("%")]
    return re.compile(".*".join(parts), re.DOTALL)


def _literal(kind: str, member: str, text: str) -> Any:
    try:
        if kind == "number":
            return Decimal(text)
        if kind == "moment":
            return instant(text)
        if kind == "date":
            return datetime.fromisoformat(text).date().isoformat()
    except (ValueError, InvalidOperation) as error:
        raise query_invalid(f"value '{text}' is not valid for property '{member}'") from error
    if kind == "flag":
        return _truth(member, text)
    return text.casefold()


def _truth(member: str, text: str) -> bool:
    if text.lower() not in {"true", "false"}:
        raise query_invalid(f"value '{text}' is not valid for property '{member}'")
    return text.lower() == "true"


def instant(text: str) -> datetime:
    """Read an ISO 8601 date or time, taking the server's zone where no offset is given; raise `ValueError`."""
    at = datetime.fromisoformat(text)
    return at if at.tzinfo else at.replace(tzinfo=SERVER_ZONE)


def _sort_key(entity: Entity, order: Order) -> Callable[[Row], tuple[bool, Any]]:
    member = _member(entity, order.member)
    if member in entity.unsortable:
        raise query_invalid(f"property '{order.member}' is not sortable")
    read = reader(member, entity.filterable[member])
    if member == "Id":
        return lambda row: (True, row.id.zfill(20))
    return lambda row: ((value := read(row)) is not None, value if value is not None else 0)

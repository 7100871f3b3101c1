"""The batch endpoint: up to 30 independent items, each with its own outcome.

The vendor promises no order of execution, so items are carried out in a shuffled one; answers keep the given order.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Any

from avantto_qbo.sandbox.quickbooks import ledger
from avantto_qbo.sandbox.quickbooks.company import Company
from avantto_qbo.sandbox.quickbooks.entities import ENTITIES
from avantto_qbo.sandbox.quickbooks.fields import Json
from avantto_qbo.sandbox.quickbooks.refusals import RefusedError, missing, unsupported
from avantto_qbo.sandbox.quickbooks.search import answer
from avantto_qbo.sandbox.quickbooks.statement import parse

MOST_ITEMS = 30


def run_batch(company: Company, body: Mapping[str, Any], rng: random.Random) -> list[Json]:
    """Return the value of `BatchItemResponse`; raise `RefusedError` 1040 for too many items, 2020 for none."""
    items = body.get("BatchItemRequest")
    if not isinstance(items, list):
        raise missing("BatchItemRequest")
    if len(items) > MOST_ITEMS:
        raise RefusedError("1040", "Batch limit exceeded", f"Maximum {MOST_ITEMS} items are allowed in a batch request")
    order = list(range(len(items)))
    rng.shuffle(order)
    answers = {position: _answered(company, items[position]) for position in order}
    return [answers[position] for position in range(len(items))]


def _answered(company: Company, item: Mapping[str, Any]) -> Json:
    tag = {"bId": item["bId"]} if item.get("bId") is not None else {}
    try:
        if not tag:
            raise missing("bId")
        return {**_outcome(company, item), **tag}
    except RefusedError as refusal:
        return {"Fault": refusal.fault(), **tag}


def _outcome(company: Company, item: Mapping[str, Any]) -> Json:
    if "Query" in item:
        return {"QueryResponse": answer(company, parse(str(item["Query"])))}
    entity = next((name for name in item if name in ENTITIES), None)
    if entity is None:
        raise missing("entity")
    options = frozenset(str(item.get("optionsData") or "").split(","))
    return {entity: _write(company, entity, str(item.get("operation", "")), item[entity], options)}


def _write(company: Company, entity: str, operation: str, body: Mapping[str, Any], options: frozenset[str]) -> Json:
    if operation == "create":
        return ledger.create(company, entity, body, options)
    if operation == "update" and "void" not in options:
        return ledger.update(company, entity, body, options)
    if operation == "delete":
        return ledger.delete(company, entity, body)
    documented = {"operation": operation == "void", "include": operation == "update" and "void" in options}
    if documented.get(ENTITIES[entity].void, False):
        return ledger.void(company, entity, body)
    raise unsupported(f"Operation {operation} is not supported for {entity}")

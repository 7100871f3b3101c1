"""Change data capture: everything of the asked kinds that changed since an instant, deletions as stubs.

Vendor rules: at most 30 days back, at most 1,000 objects over all kinds together and no second page, arrays for
`CDCResponse` and `QueryResponse`, deleted objects after the living.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import islice, takewhile

from avantto_qbo.sandbox.quickbooks.company import Company, moment
from avantto_qbo.sandbox.quickbooks.entities import ENTITIES, Entity
from avantto_qbo.sandbox.quickbooks.fields import Json
from avantto_qbo.sandbox.quickbooks.refusals import RefusedError, missing
from avantto_qbo.sandbox.quickbooks.search import instant
from avantto_qbo.sandbox.quickbooks.table import Row

LOOK_BACK = timedelta(days=30)
MOST_OBJECTS = 1000
_BY_LOWER = {name.lower(): entity for name, entity in ENTITIES.items()}


def capture(company: Company, entities: str, changed_since: str) -> list[Json]:
    """Return the value of `CDCResponse`; raise `RefusedError` for unknown entities or a bad instant."""
    if not entities.strip():
        raise missing("entities")
    kinds = [_kind(name.strip()) for name in entities.split(",")]
    since = _since(company, changed_since)
    living = _living(company, kinds, since)
    return [{"QueryResponse": [_section(company, kind, living, since) for kind in kinds]}]


def _kind(name: str) -> Entity:
    entity = _BY_LOWER.get(name.lower())
    if entity is None or not entity.in_cdc:
        raise RefusedError("2170", "Invalid Enumeration", f"cdc does not support the entity {name}", element="entities")
    return entity


def _since(company: Company, text: str) -> datetime:
    try:
        since = instant(text)
    except ValueError as error:
        raise RefusedError("2070", "Invalid Date Format", f"changedSince : {text}", element="changedSince") from error
    if company.now() - since > LOOK_BACK:
        detail = f"Operation cdc with changedSince date {text} older than fixed days is not supported"
        raise RefusedError("2070", "Unsupported cdc date", detail, element="changedSince")
    return since


def _changed(company: Company, at: datetime, since: datetime) -> bool:
    # UNVERIFIED whether an object changed in the very second asked for is included: hence the knob.
    return at >= since.replace(microsecond=0) if company.knobs.cdc_inclusive else at > since


def _living(company: Company, kinds: list[Entity], since: datetime) -> dict[str, list[Row]]:
    """Collect the changed objects; beyond the cap the *oldest* changes are the ones left out."""
    found: list[tuple[datetime, str, Row]] = []
    for kind in kinds:
        changed = takewhile(lambda row: _changed(company, row.updated, since), company.tables[kind.name].newest_first())
        found += [(row.updated, kind.name, row) for row in islice(changed, MOST_OBJECTS)]
    newest = sorted(found, key=lambda entry: entry[0], reverse=True)[:MOST_OBJECTS]
    by_kind: dict[str, list[Row]] = {}
    for _, name, row in reversed(newest):
        by_kind.setdefault(name, []).append(row)
    return by_kind


def _section(company: Company, kind: Entity, living: dict[str, list[Row]], since: datetime) -> Json:
    objects = [row.body for row in living.get(kind.name, ())]
    for identifier, at in company.tables[kind.name].deleted.items():
        if _changed(company, at, since):
            times = {"LastUpdatedTime": moment(at)}
            objects.append({"domain": "QBO", "status": "Deleted", "Id": identifier, "MetaData": times})
    if not objects:
        return {}
    return {kind.name: objects, "startPosition": 1, "maxResults": len(objects), "totalCount": len(objects)}

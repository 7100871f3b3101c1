"""Links: which object was made from which source document, and what both sides last agreed on."""

from __future__ import annotations

from datetime import datetime

from avantto_qbo.errors import InternalError
from avantto_qbo.journal.connection import Connection, Row
from avantto_qbo.journal.instants import to_instant, to_text
from avantto_qbo.model.ids import LocationId, RealmId
from avantto_qbo.model.records import Link


def put(db: Connection, link: Link) -> None:
    """Store a link, or bring the one of the same source and part up to date; `created_at` stays the first one's."""
    db.run(
        "links.put",
        location=link.location,
        realm=link.realm,
        source_kind=link.source_kind,
        source_id=link.source_id,
        part=link.part,
        entity=link.entity,
        object_id=link.object_id,
        created_at=to_text(link.created_at),
        updated_at=to_text(link.updated_at),
        sync_token=link.sync_token,
        agreed=link.agreed,
        total=link.total,
        version=link.version,
        status=link.status,
    )


def drop(db: Connection, link: Link) -> None:
    """Forget a link: what it led to is not the document's any more."""
    db.run(
        "links.drop",
        location=link.location,
        realm=link.realm,
        kind=link.source_kind,
        id=link.source_id,
        part=link.part,
    )


def get(db: Connection, location: LocationId, kind: str, id: str, part: str = "") -> Link | None:  # noqa: A002 - the field's word, as in Source
    """Return the link of one part of a source document."""
    rows = db.run("links.get", location=location, kind=kind, id=id, part=part)
    return _link(rows[0]) if rows else None


def of_source(db: Connection, location: LocationId, kind: str, id: str) -> list[Link]:  # noqa: A002 - as above
    """Return the links of all parts of a source document, ordered by part."""
    return [_link(row) for row in db.run("links.of_source", location=location, kind=kind, id=id)]


def by_object(db: Connection, realm: RealmId, entity: str, object_id: str) -> list[Link]:
    """Return every link to one object, oldest first."""
    return [_link(row) for row in db.run("links.by_object", realm=realm, entity=entity, object_id=object_id)]


def repart(db: Connection, link: Link, new_part: str, now: datetime) -> Link:
    """Let a link stand for another part of its source. Raises InternalError when that part has a link already."""
    moved = db.run(
        "links.repart",
        location=link.location,
        kind=link.source_kind,
        id=link.source_id,
        part=link.part,
        new_part=new_part,
        now=to_text(now),
    )
    if not moved:
        raise InternalError(f"there is no link of {link.source_kind} {link.source_id} for that part")
    return _link(moved[0])


def agreeing(db: Connection, location: LocationId, kind: str, piece: bytes) -> Link | None:
    """Return the newest link whose agreed draft holds these bytes of JSON; reads every draft of the kind."""
    rows = db.run("links.agreeing", location=location, kind=kind, piece=piece)
    return _link(rows[0]) if rows else None


def all_of(db: Connection, location: LocationId, kind: str, limit: int, after: str = "") -> list[Link]:
    """Return the links of up to `limit` source documents of one kind, those with ids above `after`, ordered by id.

    All parts of a document are on the same page: the next page's `after` is the last link's `source_id`.
    """
    rows = db.run("links.all_of", location=location, kind=kind, limit=limit, after=after)
    return [_link(row) for row in rows]


def locations_of(db: Connection, realm: RealmId, kind: str, id: str) -> list[LocationId]:  # noqa: A002 - as above
    """Return the locations of the realm that have a link of this source document."""
    return [LocationId(row["location"]) for row in db.run("links.locations_of", realm=realm, kind=kind, id=id)]


def kind_in_realm(db: Connection, realm: RealmId, kind: str) -> list[Link]:
    """Return every link of one kind in a realm, of whichever location, oldest first."""
    return [_link(row) for row in db.run("links.kind_in_realm", realm=realm, kind=kind)]


def remove(db: Connection, location: LocationId, kind: str, id: str, part: str = "") -> None:  # noqa: A002 - as above
    """Forget one link: the object it leads to does not exist any more."""
    db.run("links.remove", location=location, kind=kind, id=id, part=part)


def _link(row: Row) -> Link:
    return Link(
        location=LocationId(row["location"]),
        realm=RealmId(row["realm"]),
        source_kind=row["source_kind"],
        source_id=row["source_id"],
        part=row["part"],
        entity=row["entity"],
        object_id=row["object_id"],
        created_at=to_instant(row["created_at"]),
        updated_at=to_instant(row["updated_at"]),
        sync_token=row["sync_token"],
        agreed=row["agreed"],
        total=row["total"],
        version=row["version"],
        status=row["status"],
    )

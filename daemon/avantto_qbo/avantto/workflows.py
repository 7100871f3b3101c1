"""A location's workflows: which there are, for the one that shall ask for reviews."""

from __future__ import annotations

from typing import Any, Final

from avantto_qbo.avantto.leaves import Wire, decoder, text
from avantto_qbo.avantto.requests import path
from avantto_qbo.model.avantto import Workflow
from avantto_qbo.model.http import Read
from avantto_qbo.model.ids import LocationId

_PUBLISHED: Final = "published"


class _Workflow(Wire, frozen=True):
    id: Any = None
    name: Any = None
    status: Any = None

    def value(self) -> Workflow:
        return Workflow(text(self.id), text(self.name), text(self.status).casefold() == _PUBLISHED)


class _Answer(Wire, frozen=True):
    workflows: list[_Workflow] | None = None


_ANSWER = decoder(_Answer)


def workflows(location: LocationId) -> Read[tuple[Workflow, ...]]:
    """Ask for all workflows, drafts too; the endpoint has no pages."""
    return Read(path("workflows", "", locationId=location), decode_workflows)


def decode_workflows(body: bytes) -> tuple[Workflow, ...]:
    """Read `{"workflows": [...]}`; what has no id is left out."""
    rows = _ANSWER.decode(body).workflows or ()
    return tuple(row.value() for row in rows if text(row.id))

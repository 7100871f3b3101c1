"""The words for what cannot be decided without a person: a stable code, one plain sentence, the command that mends it.

`ID` in a mend stands for the held operation's id, which only the actor knows.
"""

from __future__ import annotations

import re
from typing import Final

import msgspec

from avantto_qbo.errors import AvanttoQboError
from avantto_qbo.model.ids import LocationId, OperationId
from avantto_qbo.model.operation import Reason

RETRY: Final = "avantto-qbo retry ID"
SKIP: Final = "avantto-qbo skip ID"
_PLACE: Final = re.compile(r"\bID\b")


class HeldError(AvanttoQboError):
    """A document cannot be planned; `reason` is what a person reads. Plans turn it into a Hold."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason.text)
        self.reason = reason


def held(code: str, text: str, mend: str = SKIP) -> HeldError:
    """Make the error for a document somebody must look at."""
    return HeldError(Reason(code, text, mend))


def setting(location: LocationId, assignment: str) -> str:
    """The command that changes one setting."""
    return f"avantto-qbo settings {location} {assignment}"


def addressed(reason: Reason, operation: OperationId) -> Reason:
    """Put the operation's id into the mend: only the word `ID` stands for it, never two letters of another id."""
    return msgspec.structs.replace(reason, mend=_PLACE.sub(operation, reason.mend))

"""Why a document and its copy differ, in a bookkeeper's words, and the one command that mends it.

Where nobody has to do anything the mend says so: a person's deletion is respected, a lost answer is being looked up.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec

from avantto_qbo.model.ids import OperationId
from avantto_qbo.model.money import Money
from avantto_qbo.model.operation import Operation, Reason, Source, State
from avantto_qbo.model.reconciliation import NOTHING_TO_DO, Cause, Entry, Expected, Group, Standing
from avantto_qbo.model.records import LocationRecord, Status
from avantto_qbo.model.steps import BookStep, Hold, Ignore, PauseMoney, Wait
from avantto_qbo.rules.reasons import addressed

UNEXPLAINED: Final = "unexplained"
UNLINKED: Final = "unlinked"
GONE_IN_AVANTTO: Final = "gone_in_avantto"
# Told of again, the document's next turn mends these.
MENDS_ITSELF: Final = frozenset({UNEXPLAINED, GONE_IN_AVANTTO})
_IDLE: Final = f"{NOTHING_TO_DO}:"
_TAKEN_OUT: Final = "gone_in_books"
_DOUBTFUL: Final = frozenset({State.DOUBT, State.SENDING, State.CORRECTING})
_STOPPED: Final = {
    Status.PAUSED: "resume",
    Status.MONEY_PAUSED: "resume",
    Status.BROKEN: "connect",
    Status.DISCONNECTED: "connect",
}


def nothing(code: str, text: str, why: str) -> Cause:
    """A difference that needs nobody; `why` ends the sentence "nothing to do: …"."""
    return Cause(code, text, f"{_IDLE} {why}", needed=False)


def gone(shown: str, how: str) -> Cause:
    """A person took it out of the books (I2)."""
    text = f"{shown} was {how} in QuickBooks by a person."
    return nothing(f"{how}_in_books", text, "that is respected; restore it in QuickBooks to have it back")


def edited(location: str, one: Expected, what: str, *, needed: bool) -> Cause:
    """A person changed it in the books: kept until Avantto changes the same thing."""
    text = f"{one.shown} was changed in QuickBooks by a person: {what}."
    if needed:
        return Cause("edited_in_books", text, _explain(location, one.about))
    return nothing("edited_in_books", text, "what a person changed there is kept")


def stands_again(location: str, shown: str, object_id: str, document: str) -> Cause:
    """A person restored or copied it, with another sum."""
    text = f"{shown} stands in QuickBooks under another id now ({object_id}), with another total."
    return Cause("restored_in_books", text, f"avantto-qbo explain {location} {document}")


def twice(location: str, shown: str, ids: Sequence[str]) -> Cause:
    """Two live objects of one document."""
    text = f"{shown} is in QuickBooks {len(ids)} times (ids {', '.join(ids)}), each with our marker."
    return Cause("twice", text, f"delete all but one in QuickBooks, then: avantto-qbo reconcile {location}")


def entered_again(location: str, shown: str, object_id: str) -> Cause:
    """Ours is void or deleted, and a person entered it once more."""
    text = f"{shown} (id {object_id}) carries our marker of a document that was taken out of the books."
    mend = f"delete it in QuickBooks if it does not belong there, then: avantto-qbo reconcile {location}"
    return Cause("entered_again", text, mend)


def copied(location: str, shown: str, ids: Sequence[str]) -> Cause:
    """Somebody else posted the same document."""
    text = (
        f"{shown} is in QuickBooks a second time without our marker (ids {', '.join(ids)}): entered by hand, or by "
        "Avantto's own QuickBooks integration?"
    )
    mend = f"delete the one too many (id {ids[-1]}) in QuickBooks, then: avantto-qbo reconcile {location}"
    return Cause("copied", text, mend)


def unlinked(location: str, shown: str, ids: Sequence[str]) -> Cause:
    """It is in the books by its marker, but the journal does not know it."""
    if len(ids) > 1:
        return twice(location, shown, ids)
    text = f"{shown} is in QuickBooks (id {ids[0]}), but the journal does not know it."
    return Cause(UNLINKED, text, f"avantto-qbo reconcile {location}")


def linked_again(shown: str, object_id: str) -> Cause:
    """It was unknown to the journal until now."""
    text = f"{shown} stands in QuickBooks (id {object_id}); the journal did not know it and has linked it again."
    return nothing("linked_again", text, "it is compared with Avantto by itself")


def relinking(shown: str) -> Cause:
    """The journal is a restored backup: what the books hold is being linked again, and nothing is posted until then."""
    text = f"{shown}: a backup was restored, and QuickBooks is being read again."
    return nothing("relinking", text, "it is compared again when that is done")


def unknown_document(location: str, shown: str, source: Source) -> Cause:
    """Our marker, but none of Avantto's lists shows the document."""
    text = f"{shown} carries our marker of {source.kind} {source.id}, which Avantto does not list."
    mend = f"delete it in QuickBooks if it does not belong there, then: avantto-qbo reconcile {location}"
    return Cause("unknown_document", text, mend)


def not_wanted(location: str, shown: str, source: Source, why: str) -> Cause:
    """Our marker, but the document became nothing that belongs into the books; nothing leads to it any more."""
    text = f"{shown} carries our marker of {source.kind} {source.id}, but {why}."
    return Cause("not_wanted", text, f"void it in QuickBooks, then: avantto-qbo reconcile {location}")


def of_place(record: LocationRecord) -> Cause | None:
    """Why nothing is posted for the whole location, None where it is connected."""
    verb = _STOPPED.get(record.status)
    if verb is None:
        return None
    text = f"The location is {record.status.replace('_', ' ')}: {record.reason or 'nothing is posted'}."
    return Cause(str(record.status), text.replace("..", "."), f"avantto-qbo {verb} {record.id}", asked=True)


def of_operation(op: Operation) -> Cause | None:
    """What the last operation of a document's chain says, None where it is over."""
    text = op.reason.text if op.reason is not None else ""
    if op.state is State.HELD:
        reason = addressed(op.reason or Reason("held", "It is held."), op.id)
        return Cause(reason.code, reason.text, reason.mend or f"avantto-qbo retry {op.id}", asked=True)
    if op.state in _DOUBTFUL:
        return nothing("doubt", text or "It is being sent.", "the answer is being looked up")
    if op.state in {State.PLANNED, State.RETRY}:
        return nothing("waiting", text or "It is about to be sent.", "it is sent again by itself")
    if op.state is State.SKIPPED and op.reason is not None and op.reason.code.startswith("skipped"):
        return nothing("skipped", f"It was {op.reason.text}.", "a person let it go until Avantto changes it")
    return None


def maybe_made(op: Operation) -> bool:
    """Say whether a write may have been carried out while nobody knows yet."""
    return op.state in _DOUBTFUL and not op.target


def of_mail(shown: str, reason: str) -> Cause:
    """The document is known to have changed, and its turn has not come yet."""
    text = f"{shown} is about to be looked at{f' ({reason})' if reason else ''}."
    return nothing("waiting", text, "it is posted by itself")


def of_steps(location: str, entry: Entry, steps: Sequence[BookStep]) -> Cause | None:
    """What the planner says of a document whose two sides differ; None where it says that both agree."""
    for step in steps:
        match step:
            case Ignore(reason=reason):
                return nothing(reason.code, reason.text, "it stays as it is")
            case Wait(reason=reason):
                return nothing(reason.code, reason.text, "it is looked at again by itself")
            case Hold(reason=reason) | PauseMoney(reason=reason):
                return Cause(reason.code, reason.text, _without_operation(location, reason))
            case _:
                return unexplained(location, entry)
    return None


def of_agreement(location: str, entry: Entry, agreed: Money | None) -> Entry | None:
    """The planner says that both sides agree: Avantto's list row said less than the whole document.

    None where the books hold nothing and should not; `agreed` is what a linked object was agreed to be.
    """
    if entry.booked is None:
        return None
    other_money = entry.amount is not None and entry.amount.currency != entry.booked.currency
    whole = entry.group is Group.RECEIPTS and entry.standing is Standing.DIFFERENT  # a list row says all of a charge
    if whole or other_money:
        text = f"{entry.shown} is {entry.amount} in Avantto, but {entry.booked} in QuickBooks."
        mend = f"correct it in QuickBooks, then: avantto-qbo reconcile {location}"
        return msgspec.structs.replace(entry, cause=Cause("other_total", text, mend))
    if entry.standing is Standing.EXTRA or agreed is None or entry.booked == agreed:
        return msgspec.structs.replace(entry, amount=entry.booked, standing=Standing.EQUAL)
    text = f"{entry.shown} was changed in QuickBooks by a person: its total is {entry.booked} instead of {agreed}."
    cause = Cause("edited_in_books", text, _explain(location, entry.about))
    return msgspec.structs.replace(entry, amount=agreed, cause=cause)


def unexplained(location: str, entry: Entry) -> Cause:
    """Nothing says why: it is posted once it is looked at again."""
    what = "not as in Avantto" if entry.standing is Standing.DIFFERENT else "missing"
    text = f"{entry.shown} is {what} in QuickBooks, and nothing here says why."
    return Cause(UNEXPLAINED, text, f"avantto-qbo sync {location}")


def unreadable(location: str, entry: Entry, problem: str) -> Cause:
    """Avantto does not show the document when it is asked for it."""
    return Cause("unreadable", f"{entry.shown} cannot be read in Avantto: {problem}.", _explain(location, entry.about))


def left_out(steps: Sequence[BookStep]) -> str:
    """The code under which the planner leaves a document out, "" where it does not or a person took it out."""
    first = steps[0] if steps else None
    return first.reason.code if isinstance(first, Ignore) and first.reason.code != _TAKEN_OUT else ""


def left_in_books(shown: str) -> Cause:
    """Many were deleted in Avantto at once, and a person said that they stay in the books."""
    text = f"{shown} was deleted in Avantto, and a person left it in QuickBooks."
    return nothing("left_in_books", text, "that is respected")


def gone_in_avantto(location: str, entry: Entry) -> Cause:
    """It stands in the books, but Avantto has it no more."""
    text = f"{entry.shown} stands in QuickBooks, but Avantto has it no more."
    if entry.about.kind == "invoice":  # the books follow, once it is sure
        return Cause(GONE_IN_AVANTTO, text, f"avantto-qbo sync {location}")
    mend = f"void it in QuickBooks if there was no such sale, then: avantto-qbo reconcile {location}"
    return Cause("sale_gone_in_avantto", text, mend)


def mends_itself(entry: Entry) -> bool:
    """Say whether a difference was found for the first time and should be gone by the next."""
    return entry.cause is not None and entry.cause.code in MENDS_ITSELF and entry.seen == 1


def worries(entry: Entry) -> bool:
    """Say whether a person is to be told of a difference: not of what is asked elsewhere or may mend itself."""
    cause = entry.cause
    if cause is None or not cause.needed or cause.asked:
        return False
    return cause.code not in MENDS_ITSELF or entry.seen > 1


def _without_operation(location: str, reason: Reason) -> str:
    """A command that needs a held operation is none while nothing is held: then the document is looked at again."""
    if not reason.mend or addressed(reason, OperationId("")).mend != reason.mend:
        return f"avantto-qbo sync {location}"
    return reason.mend


def _explain(location: str, about: Source) -> str:
    return f"avantto-qbo explain {location} {about.id}"

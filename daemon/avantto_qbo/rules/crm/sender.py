"""How a request reaches a person: by which channel, in which words, or through the location's own workflow (R2)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final
from urllib.parse import quote

from avantto_qbo.errors import RefusedError
from avantto_qbo.model.avantto import Contact, CustomValue, Workflow
from avantto_qbo.model.drafts import MessageDraft
from avantto_qbo.model.settings import Channel, OnOff, Settings
from avantto_qbo.model.steps import AddToWorkflow, NeedWorkflows, ReviewCase, SendMessage
from avantto_qbo.rules.crm.message import render
from avantto_qbo.rules.identity import normal_email
from avantto_qbo.rules.reasons import held, setting

WORKFLOW: Final = "workflow"  # stands where a channel does
_DEAF: Final = frozenset({"dnd", "unsubscribed", "no_email", "no_phone", "bad_email", "bad_phone"})
_WEB: Final = ("https://", "http://")
_KEY: Final = re.compile(r"[\s-]+")


def review_link(settings: Settings, values: Iterable[CustomValue], google_place_id: str) -> str:
    """Where people leave a review: the setting, else the custom value `review_link`, else Google; "" for nowhere."""
    if settings.review_link not in {"auto", ""}:
        return settings.review_link
    own = (value.value.strip() for value in values if _KEY.sub("_", value.name.strip().casefold()) == "review_link")
    # A value may still be a template of the vendor's, which is no address.
    if link := next((link for link in own if link.startswith(_WEB)), ""):
        return link
    return f"https://search.google.com/local/writereview?placeid={quote(google_place_id)}" if google_place_id else ""


def channel_for(case: ReviewCase, contact: Contact) -> Channel | None:
    """The first channel that is open to this person and not used up, None for none."""
    tried = case.review.tried if case.review else ()
    if WORKFLOW in tried:  # it was the only sender
        return None
    usable = (channel for channel in case.settings.review_channels if channel not in tried)
    return next((channel for channel in usable if _allowed(case, channel, contact)), None)


def _allowed(case: ReviewCase, channel: Channel, contact: Contact) -> bool:
    if contact.no_disturb & {"all", channel}:
        return False
    if channel is Channel.EMAIL:
        return bool(normal_email(contact.email))
    # They gave no consent to text messages: only where the owner vouches for it (R2).
    consented = not case.imported or case.settings.review_sms_imported is OnOff.ON
    return bool(contact.phone) and consented


def by_message(case: ReviewCase, channel: Channel, contact: Contact) -> SendMessage:
    """The message with the location's own words and link. Raises HeldError naming what its owner must set."""
    if not case.link.startswith(_WEB):
        text = "No review_link: neither the setting, nor a custom value review_link, nor a Google place in Avantto."
        raise held("review_link", text, setting(case.location.id, "review_link=https://…"))
    return SendMessage(_message(case, channel, contact))


def by_workflow(case: ReviewCase, contact: Contact) -> AddToWorkflow | NeedWorkflows:
    """The workflow brings its own words and link. Raises HeldError when `review_workflow` names no published one."""
    if case.workflows is None:
        return NeedWorkflows()
    wanted, mend = case.settings.review_workflow, setting(case.location.id, "review_workflow=…")
    found = named_workflows(wanted, case.workflows)
    published = [workflow for workflow in found if workflow.published]
    if not found:
        raise held("review_workflow", f"review_workflow is {wanted!r}; Avantto has no such workflow.", mend)
    if not published:
        mend = f"publish it in Avantto, or: {mend}"
        raise held("review_workflow", f"The workflow {wanted!r} is not published.", mend)
    if len(published) > 1:
        raise held("review_workflow", f"{len(published)} workflows are named {wanted!r}: give its id instead.", mend)
    return AddToWorkflow(contact.id, published[0].id)


def named_workflows(wanted: str, workflows: Iterable[Workflow]) -> list[Workflow]:
    """The workflow with this id, else all with this name (upper and lower case are the same)."""
    rows = list(workflows)
    by_id = [workflow for workflow in rows if workflow.id == wanted.strip()]
    return by_id or [workflow for workflow in rows if workflow.name.strip().casefold() == wanted.strip().casefold()]


def _message(case: ReviewCase, channel: Channel, contact: Contact) -> MessageDraft:
    try:
        return render(case.settings, channel, contact, business=case.business, link=case.link)
    except RefusedError as error:
        mend = setting(case.location.id, f"{error.field}=…")
        raise held("review_message", f"{error.problem}; {error.mend}.", mend) from None


def refused_workflow(code: str) -> bool:
    """Say whether a refusal is about the workflow; do-not-disturb and missing addresses are about the person."""
    return code.removeprefix("refused.") not in _DEAF

"""Turn what shall stand in Avantto into calls with exact bytes: the same draft gives the same bytes."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

import msgspec

from avantto_qbo.avantto.requests import CONVERSATIONS_VERSION, path
from avantto_qbo.model.avantto import Address
from avantto_qbo.model.drafts import ContactDraft, MessageDraft
from avantto_qbo.model.ids import ContactId, LocationId
from avantto_qbo.model.operation import Call

_COUNTRY: Final = re.compile(r"[A-Za-z]{2}")


def contact_create(location: LocationId, draft: ContactDraft) -> Call:
    """Create a contact with its tags; a new contact has no tags of its own to lose."""
    members = {"locationId": str(location), **_members(draft)}
    tags = {"tags": list(draft.tags)} if draft.tags else {}
    return Call("POST", path("contacts", ""), _json({**members, **tags}))


def contact_update(contact_id: ContactId, draft: ContactDraft) -> Call:
    """Set the non-empty fields of the draft. Tags are left out, because an update replaces all of them."""
    # `companyName` is missing from the published description of this endpoint, which is known to accept it.
    return Call("PUT", path("contacts", contact_id), _json(_members(draft)))


def contact_tag(contact_id: ContactId, tags: Sequence[str]) -> Call:
    """Add tags, leaving the others."""
    return Call("POST", path("contacts", contact_id, "tags"), _json({"tags": list(tags)}))


def workflow_add(contact_id: ContactId, workflow: str) -> Call:
    """Add a contact to a published workflow, which begins at once."""
    return Call("POST", path("contacts", contact_id, "workflow", workflow), _json({}))


def message_send(draft: MessageDraft) -> Call:
    """Send a message; the draft's text is HTML for an e-mail (its values already escaped), plain for an SMS.

    `status` and `subType` are described as required, but public clients leave them out and succeed.
    """
    if draft.channel == "email":
        content = {
            "type": "Email",
            "contactId": str(draft.contact),
            "subject": draft.subject,
            "html": draft.text,
        }
    elif draft.channel == "sms":
        content = {"type": "SMS", "contactId": str(draft.contact), "message": draft.text}
    else:
        raise ValueError(f"no such channel: {draft.channel}")
    return Call("POST", path("conversations", "messages"), _json(content), CONVERSATIONS_VERSION)


def _members(draft: ContactDraft) -> dict[str, str]:
    # The vendor makes the name of first and last name, so a name of its own would be overwritten or overwrite them.
    name = "" if draft.first_name or draft.last_name else draft.name
    named = {
        "firstName": draft.first_name,
        "lastName": draft.last_name,
        "name": name,
        "email": draft.email,
        "phone": draft.phone,
        "companyName": draft.company,
        **_address(draft.address),
    }
    return {member: value for member, value in named.items() if value}


def _address(address: Address) -> dict[str, str]:
    return {
        "address1": ", ".join(line for line in (address.line1, address.line2) if line),
        "city": address.city,
        "state": address.state,
        "postalCode": address.postal_code,
        # Only two-letter codes are taken; the name of a country would have the whole contact refused.
        "country": address.country.upper() if _COUNTRY.fullmatch(address.country) else "",
    }


def _json(members: object) -> bytes:
    return msgspec.json.encode(members)

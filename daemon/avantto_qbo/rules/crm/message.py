"""The words of a review request: the location's own templates with three placeholders."""

from __future__ import annotations

import html
from collections.abc import Mapping
from string import Formatter
from typing import Final

from avantto_qbo.errors import RefusedError
from avantto_qbo.model.avantto import Contact
from avantto_qbo.model.drafts import MessageDraft
from avantto_qbo.model.settings import Channel, Settings
from avantto_qbo.rules.text import one_line

PLACEHOLDERS: Final = frozenset({"first_name", "business", "link"})
_STRANGER: Final = "there"  # "Hi there"
_SUBJECT_LIMIT: Final = 200


def render(settings: Settings, channel: Channel, contact: Contact, *, business: str, link: str) -> MessageDraft:
    """Make the message for one contact. Raises RefusedError naming `review_message` for a template that is wrong.

    Values are escaped for HTML in an e-mail's body and nowhere else.
    """
    values = {
        "first_name": one_line(contact.first_name or contact.name.split(" ")[0], 100) or _STRANGER,
        "business": one_line(business, 200),
        "link": link,
    }
    if channel is Channel.SMS:
        return MessageDraft(contact.id, Channel.SMS, fill(settings, "sms", values))
    escaped = {name: html.escape(value) for name, value in values.items()}
    subject = one_line(fill(settings, "subject", values), _SUBJECT_LIMIT)
    return MessageDraft(contact.id, Channel.EMAIL, fill(settings, "email", escaped), subject)


def fill(settings: Settings, key: str, values: Mapping[str, str]) -> str:
    """Fill one template of `review_message`; `key` is `email`, `sms` or `subject`."""
    template = settings.review_message.get(key, "")
    if not template.strip():
        raise _refused(key, "is empty")
    return "".join(text + (values[name] if name else "") for text, name in _pieces(key, template))


def _pieces(key: str, template: str) -> list[tuple[str, str]]:
    """Split a template into texts, each with the placeholder after it ("" at the end)."""
    try:
        parsed = list(Formatter().parse(template))
    except ValueError:
        raise _refused(key, "has a brace without its partner") from None
    for _, name, form, conversion in parsed:
        if name is not None and (name not in PLACEHOLDERS or form or conversion):
            raise _refused(key, f"has the unknown placeholder {{{name}}}")
    return [(text, name or "") for text, name, _, _ in parsed]


def _refused(key: str, why: str) -> RefusedError:
    mend = "placeholders are {first_name}, {business} and {link}"
    return RefusedError(f"review_message.{key} {why}", mend, field="review_message")

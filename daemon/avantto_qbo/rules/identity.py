"""Who is who: e-mail addresses and phone numbers in the one form in which they are compared."""

from __future__ import annotations

import re
from typing import Final

import phonenumbers
from email_validator import EmailNotValidError, validate_email
from phonenumbers import NumberParseException, PhoneNumberFormat, ValidationResult

EMAIL_LIMIT: Final = 100  # what QuickBooks stores of an address
# Also the brackets of `Jane Doe <jane@example.com>`.
_BETWEEN: Final = re.compile(r"[,;\s<>]+")


def normal_email(text: str) -> str:
    """Return one address in lower case, "" if it is none or longer than QuickBooks takes. No DNS is asked."""
    try:
        # `test_environment` lets the reserved domain .test through: harmless, nobody owns it.
        found = validate_email(
            text.strip(), check_deliverability=False, globally_deliverable=False, test_environment=True
        )
    except EmailNotValidError:
        return ""
    usable = "." in found.domain and len(found.normalized) <= EMAIL_LIMIT
    return found.normalized.lower() if usable else ""


def split_emails(text: str) -> tuple[str, ...]:
    """Return the single addresses of one stored string (`a@x, b@y`), in order, each once."""
    found = (normal_email(part) for part in _BETWEEN.split(text))
    return tuple(dict.fromkeys(email for email in found if email))


def main_email(text: str) -> str:
    """Return the first address of one stored string, "" if it holds none: the one a document goes by."""
    return next(iter(split_emails(text)), "")


def normal_phone(text: str, country: str) -> str:
    """Return a number in E.164, "" if it is none. `country` (ISO 3166 alpha-2) is assumed where none is dialled.

    A number without its area code identifies nobody; an extension is left out.
    """
    try:
        number = phonenumbers.parse(text, country.upper() or None)
    except NumberParseException:
        return ""
    # Possible, not valid: numbering plans grow faster than the tables, and a new block must not split a person.
    if phonenumbers.is_possible_number_with_reason(number) != ValidationResult.IS_POSSIBLE:
        return ""
    return phonenumbers.format_number(number, PhoneNumberFormat.E164)

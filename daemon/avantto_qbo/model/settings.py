"""The settings of a location (typed; every default works or makes exactly one feature wait for its owner)."""

from __future__ import annotations

from enum import StrEnum

import msgspec

_EMAIL_TEXT = (
    "<p>Hi {first_name},</p><p>thank you for choosing {business}. Would you tell others how it went? "
    'It takes a minute: <a href="{link}">leave a review</a>.</p>'
)
_SMS_TEXT = "Hi {first_name}, thank you for choosing {business}! Would you leave us a short review? {link}"


class OnOff(StrEnum):
    ON = "on"
    OFF = "off"


class Contacts(StrEnum):
    ALL = "all"
    OWN = "own"
    OFF = "off"


class Products(StrEnum):
    MATCH = "match"
    DEFAULT = "default"
    CREATE = "create"


class TaxMode(StrEnum):
    AUTO = "auto"
    LINE = "line"
    HOLD = "hold"


class Numbers(StrEnum):
    AVANTTO = "avantto"
    QUICKBOOKS = "quickbooks"


class LateChanges(StrEnum):
    MIRROR = "mirror"
    HOLD = "hold"


class Reviews(StrEnum):
    ON = "on"
    SHADOW = "shadow"
    OFF = "off"


class Channel(StrEnum):
    EMAIL = "email"
    SMS = "sms"


def _sources() -> dict[str, OnOff]:
    """Which payment sources become receipts; `import` is the name for `external` and `imported_csv`."""
    on = (
        "funnel website form survey subscription membership calendar store payment_link "
        "point_of_sale communities mobile_app manual"
    )
    return dict.fromkeys(on.split(), OnOff.ON) | {"import": OnOff.OFF}


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename=None):
    """All keys of a location. `auto` is resolved against the company and shown with what it resolved to."""

    contacts: Contacts = Contacts.ALL
    invoices: OnOff = OnOff.ON
    receipts: OnOff = OnOff.ON
    refunds: OnOff = OnOff.ON
    sources: dict[str, OnOff] = msgspec.field(default_factory=_sources)
    default_item: str = "auto"
    income_account: str = "auto"
    products: Products = Products.MATCH
    deposit_account: str = "undeposited"
    deposit_accounts: dict[str, str] = msgspec.field(default_factory=dict)
    refund_account: str = "auto"
    tax: TaxMode = TaxMode.AUTO
    tax_codes: dict[str, str] = msgspec.field(default_factory=dict)
    numbers: Numbers = Numbers.AVANTTO
    number_prefix: str = ""
    class_: str = msgspec.field(default="", name="class")
    department: str = ""
    late_changes: LateChanges = LateChanges.MIRROR
    reviews: Reviews = Reviews.ON
    review_link: str = "auto"
    review_channels: tuple[Channel, ...] = (Channel.EMAIL, Channel.SMS)
    review_sms_imported: OnOff = OnOff.OFF
    review_message: dict[str, str] = msgspec.field(
        default_factory=lambda: {"email": _EMAIL_TEXT, "sms": _SMS_TEXT, "subject": "How did we do?"}
    )
    review_workflow: str = ""
    review_hours: str = "Mon-Sat 09:00-20:00"
    alert_email: str = ""

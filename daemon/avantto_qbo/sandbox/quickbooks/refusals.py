"""How the service refuses: one exception with the vendor's code, one constructor per rule, the fault envelopes.

Codes and texts: Intuit's error code page (developer.intuit.com, QuickBooks Online troubleshooting).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from avantto_qbo.sandbox.http import Reply, json_reply

_INACTIVE = (
    "Something you're trying to use has been made inactive. "
    "Check the fields with accounts, customers, items, vendors or employees."
)


class RefusedError(Exception):
    """A request the vendor refuses; carries what its fault envelope says."""

    def __init__(
        self,
        code: str,
        message: str,
        detail: str = "",
        *,
        element: str = "",
        kind: str = "ValidationFault",
        status: int = 400,
    ) -> None:
        super().__init__(f"{code} {message}: {detail}")
        self.code = code
        self.message = message
        self.detail = detail or message
        self.element = element
        self.kind = kind
        self.status = status

    def fault(self) -> dict[str, Any]:
        """Return the `Fault` object."""
        error = {"Message": self.message, "Detail": self.detail, "code": self.code, "element": self.element}
        return {"Error": [error], "type": self.kind}

    def reply(self, time: str, headers: Mapping[str, str] | None = None) -> Reply:
        """Return the HTTP answer."""
        return json_reply(self.status, {"Fault": self.fault(), "time": time}, headers)


def stale() -> RefusedError:
    """An older (or unknown) SyncToken was sent: 5010."""
    return RefusedError(
        "5010",
        "Stale Object Error",
        "Stale Object Error : You and another user were working on this at the same time.",
    )


def not_found(what: str = "") -> RefusedError:
    """The object does not exist (any more): 610."""
    return RefusedError("610", "Object Not Found", f"Object Not Found : {what or _INACTIVE}")


def bad_reference(element: str) -> RefusedError:
    """A reference names nothing, or something inactive: 2500."""
    return RefusedError("2500", "Invalid Reference Id", f"Invalid Reference Id : {_INACTIVE}", element=element)


def missing(name: str) -> RefusedError:
    """A required member is absent: 2020."""
    return RefusedError(
        "2020",
        "Required param missing, need to supply the required value for the API",
        f"Required parameter {name} is missing in the request",
        element=name,
    )


def unknown_property(name: str) -> RefusedError:
    """A member the entity does not have: 2010."""
    return RefusedError(
        "2010",
        "Request has invalid or unsupported property",
        f"Property Name:{name} specified is unsupported or invalid",
        element=name,
    )


def too_long(name: str, limit: int, length: int) -> RefusedError:
    """A text beyond its limit: 2050."""
    return RefusedError(
        "2050",
        "String length is either shorter or longer than supported by specification",
        f"String length specified does not match the supported length. Min:0 Max:{limit} supported."
        f" Supplied length:{length}",
        element=name,
    )


def bad_value(code: str, message: str, name: str, value: object) -> RefusedError:
    """A value of the wrong form: 2040 characters, 2070 date, 2110 number, 2170 enumeration, 2290 negative."""
    return RefusedError(code, message, f"{name} : {value}", element=name)


def bad_email(value: str) -> RefusedError:
    """An e-mail address without the form of one: 2210."""
    return RefusedError(
        "2210",
        "Invalid Email Address format",
        f"Email Address {value} does not conform to the format",
        element="Address",
    )


def business(detail: str) -> RefusedError:
    """A business rule is broken: 6000."""
    return RefusedError(
        "6000",
        "A business validation error has occurred while processing your request",
        f"Business Validation Error: {detail}",
    )


def duplicate_name(owner: str) -> RefusedError:
    """The name is taken: 6240. The detail hints at the owner's id, never at its kind."""
    return RefusedError("6240", "Duplicate Name Exists Error", f"The name supplied already exists. : Id={owner}")


def duplicate_number(number: str, entity: str, owner: str) -> RefusedError:
    """The document number is taken: 6140."""
    return RefusedError(
        "6140",
        "Duplicate Document Number Error",
        "Duplicate Document Number Error : You must specify a different number. This number has already been used."
        f" DocNumber={number} is assigned to TxnType={entity} with TxnId={owner}",
    )


def books_closed() -> RefusedError:
    """The transaction date lies in the closed period: 6210."""
    return RefusedError(
        "6210",
        "Account Period Closed",
        "The account period has closed and the account books cannot be updated through the QBO Services API.",
    )


def deposited() -> RefusedError:
    """The transaction is part of a bank deposit: 6540."""
    return RefusedError(
        "6540",
        "Deposited Transaction cannot be changed",
        "If you want to modify or delete this transaction, you must delete the associated deposit first.",
    )


def wrong_account(element: str) -> RefusedError:
    """An account of a type that cannot stand there: 6430."""
    return RefusedError("6430", "Invalid account type", f"Invalid account type: {element}", element=element)


def query_unparsable(detail: str) -> RefusedError:
    """The statement does not follow the grammar: 4000."""
    return RefusedError("4000", "Error parsing query", f"QueryParserError: {detail}")


def query_invalid(detail: str) -> RefusedError:
    """The statement asks for something that cannot be asked: 4001."""
    return RefusedError("4001", "Invalid query", f"QueryValidationError: {detail}")


def unsupported(detail: str) -> RefusedError:
    """An operation the entity does not have: 500 inside HTTP 400."""
    return RefusedError("500", "Unsupported Operation", detail)


def unauthenticated(detail: str) -> RefusedError:
    """The access token is not accepted: HTTP 401, 3200."""
    message = "message=AuthenticationFailed; errorCode=003200; statusCode=401"
    return RefusedError("3200", message, detail, kind="AUTHENTICATION", status=401)


def gateway_forbidden(time: str, headers: Mapping[str, str]) -> Reply:
    """Answer HTTP 403, 3100, in the gateway's lower-case envelope."""
    error = {
        "message": "message=ApplicationAuthorizationFailed; errorCode=003100; statusCode=403",
        "detail": None,
        "code": "3100",
        "element": None,
    }
    fault = {"error": [error], "type": "SERVICE"}
    return json_reply(403, {"warnings": None, "fault": fault, "time": time}, headers)


def throttled(time: str, headers: Mapping[str, str]) -> Reply:
    """Answer HTTP 429, 3001, which comes as XML whatever was accepted."""
    body = (
        '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
        f'<IntuitResponse time="{time}" xmlns="http://schema.intuit.com/finance/v3"><Fault type="SERVICE">'
        '<Error code="3001"><Message>message=ThrottleExceeded; errorCode=003001; statusCode=429</Message>'
        "<Detail>The request limit was reached.  Try again later</Detail></Error></Fault></IntuitResponse>"
    )
    return Reply(429, {"content-type": "application/xml;charset=UTF-8", **headers}, body.encode())

"""From a call or a read to the exact HTTP request.

Source: Intuit, REST API features and minor versions. Every request names minor version 75, the oldest still served.
"""

from __future__ import annotations

from typing import Final
from urllib.parse import quote

from avantto_qbo.errors import InternalError
from avantto_qbo.model.http import HttpRequest, Read, T
from avantto_qbo.model.ids import RealmId
from avantto_qbo.model.operation import Call

MINOR_VERSION: Final = "75"
LONGEST_REQUEST_ID: Final = 50


def write_request(api_url: str, realm: RealmId, access_token: str, call: Call, request_id: str) -> HttpRequest:
    """Build the request of a write; the same `request_id` (1 to 50 characters) makes a repetition recognisable."""
    if not 0 < len(request_id) <= LONGEST_REQUEST_ID:
        raise InternalError("a request id has 1 to 50 characters")
    url = _url(api_url, realm, call.path) + f"&requestid={quote(request_id, safe='')}"
    return HttpRequest(call.method, url, _headers(access_token, "application/json"), call.body)


def read_request(api_url: str, realm: RealmId, access_token: str, read: Read[T]) -> HttpRequest:
    """Build the request of a read."""
    headers = _headers(access_token, read.content_type if read.body else "")
    return HttpRequest(read.method, _url(api_url, realm, read.path), headers, read.body)


def _url(api_url: str, realm: RealmId, path: str) -> str:
    separator = "&" if "?" in path else "?"
    company = quote(realm, safe="")
    return f"{api_url.rstrip('/')}/v3/company/{company}/{path}{separator}minorversion={MINOR_VERSION}"


def _headers(access_token: str, content_type: str) -> dict[str, str]:
    headers = {
        "Authorization": f"Bearer {access_token}",
        "Accept": "application/json",
        "Accept-Encoding": "gzip",
    }
    return headers | ({"Content-Type": content_type} if content_type else {})

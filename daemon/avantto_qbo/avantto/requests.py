"""How every request to Avantto looks: base address, bearer token, Version header, our own User-Agent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import quote, urlencode

from avantto_qbo import __version__
from avantto_qbo.model.http import HttpRequest, Read
from avantto_qbo.model.operation import Call

VERSION: Final = "2021-07-28"
CONVERSATIONS_VERSION: Final = "2021-04-15"  # the conversations endpoints document this one only

# The gateway in front of the API answers 403 "error 1010" to the default names of HTTP libraries.
USER_AGENT: Final = f"avantto-qbo/{__version__}"


def headers(access_token: str, version: str = "", content_type: str = "") -> Mapping[str, str]:
    """Return the headers of one API request; an empty `version` means the usual one."""
    kind = {"Content-Type": content_type} if content_type else {}
    return {
        "Authorization": f"Bearer {access_token}",
        "Version": version or VERSION,
        "Accept": "application/json",
        "User-Agent": USER_AGENT,
        **kind,
    }


def read_request(api_url: str, access_token: str, read: Read[Any]) -> HttpRequest:
    """Turn a read into the request that asks it."""
    kind = read.content_type if read.body else ""
    url = api_url.rstrip("/") + read.path
    return HttpRequest(read.method, url, headers(access_token, read.version, kind), read.body)


def write_request(api_url: str, access_token: str, call: Call) -> HttpRequest:
    """Turn a stored write into its request: the bytes go out exactly as they were committed."""
    kind = "application/json" if call.body else ""
    return HttpRequest(
        call.method, api_url.rstrip("/") + call.path, headers(access_token, call.version, kind), call.body
    )


def path(*segments: str, **query: str | int) -> str:
    """Join escaped path segments and the non-empty query members, in the order given."""
    asked = {name: value for name, value in query.items() if value != ""}
    joined = "/" + "/".join(quote(segment, safe="") for segment in segments)
    return f"{joined}?{urlencode(asked, quote_via=quote)}" if asked else joined

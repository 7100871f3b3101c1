"""Connecting in a browser: the link, both vendors' consent, done; a link works once, for its own location."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Iterator
from datetime import UTC, datetime

import aiohttp
import anyio
import msgspec
import pytest

from integration.business import Business
from integration.house import JOURNAL_KEY, House
from integration.processes import get


class Page(msgspec.Struct, frozen=True):
    """What a browser shows in the end, and the addresses it went through."""

    status: int
    text: str
    way: tuple[str, ...]


def browse(*urls: str) -> Page:
    """Open the addresses one after the other in one browser, following every redirect, and return the last page."""

    async def visit() -> Page:
        async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as browser:
            for url in urls:
                async with browser.get(url) as answer:
                    way = tuple(step.url.path for step in answer.history)
                    page = Page(answer.status, " ".join((await answer.text()).split()), way)
        return page

    return anyio.run(visit)


@pytest.fixture
def stranger(house: House) -> Iterator[Business]:
    """A location nobody has connected, whose owner would choose it and its company on the consent pages."""
    place = house.business()
    place.crm("choose")
    place.books("consent")
    yield place
    house.books("consent")


def link(business: Business) -> str:
    answer = business.house.cli("connect", business.location)
    assert answer.code == 0, answer.err
    return answer.out.strip()


def is_connected(business: Business) -> bool:
    rows = business.house.cli("locations", "--json").json["locations"]
    return any(row["id"] == business.location and row["status"] == "connected" for row in rows)


def test_a_link_leads_through_both_consents_to_a_connected_location(stranger: Business) -> None:
    page = browse(link(stranger))
    assert page.status == 200
    assert "is connected" in page.text
    assert f"Sandbox Company {stranger.realm}" in page.text
    assert page.way[1:] == ("/v2/oauth/chooselocation", "/oauth/avantto/callback", "/connect/oauth2")
    assert is_connected(stranger)
    stranger.sent_invoice(10)
    stranger.until_in_books("Invoice")
    stranger.disconnect()


def test_a_link_works_once(stranger: Business) -> None:
    url = link(stranger)
    assert browse(url).status == 200
    again = browse(url)
    assert again.status == 400
    assert "used already" in again.text
    stranger.disconnect()
    assert "used already" in browse(url).text


def test_a_forged_link_is_refused(stranger: Business) -> None:
    url = link(stranger)
    ticket, _, signature = url.rpartition("/")[2].partition(".")
    other = base64.urlsafe_b64encode(base64.urlsafe_b64decode(ticket + "==").replace(b"location", b"l0cation"))
    for forged in (f"{other.decode().rstrip('=')}.{signature}", f"{ticket}.{signature[::-1]}", ticket, "nonsense"):
        page = browse(f"{stranger.house.public_url}/connect/{forged}")
        assert page.status == 400
        assert "not a link of ours" in page.text
    assert not is_connected(stranger)


def test_an_expired_link_is_refused(stranger: Business) -> None:
    ticket = {"location": stranger.location, "nonce": "n", "expires_at": datetime(2026, 1, 1, tzinfo=UTC)}
    page = browse(f"{stranger.house.public_url}/connect/{signed(msgspec.json.encode(ticket))}")
    assert page.status == 400
    assert "too old" in page.text


def signed(ticket: bytes) -> str:
    """Sign a ticket as the daemon does, with the key the tests gave it."""
    key = hmac.digest(JOURNAL_KEY, b"connect links", hashlib.sha256)
    parts = ticket, hmac.digest(key, ticket, hashlib.sha256)
    return ".".join(base64.urlsafe_b64encode(part).decode().rstrip("=") for part in parts)


def test_who_chooses_another_location_is_told_and_nothing_is_connected(stranger: Business) -> None:
    other = stranger.house.business()
    url = link(stranger)
    other.crm("choose")
    page = browse(url)
    assert page.status == 400
    assert f"you chose location {other.location}" in page.text
    assert not is_connected(stranger)


def test_who_says_no_in_quickbooks_can_open_the_link_again(stranger: Business) -> None:
    url = link(stranger)
    stranger.house.books("consent", deny=True)
    refused = browse(url)
    assert refused.status == 400
    assert "access_denied" in refused.text
    assert not is_connected(stranger)
    stranger.books("consent")
    assert browse(url).status == 200
    stranger.disconnect()


def test_a_callback_in_another_browser_is_refused(stranger: Business) -> None:
    for vendor in ("avantto", "quickbooks"):
        status, page = get(f"{stranger.house.public_url}/oauth/{vendor}/callback?code=abc&state=def&realmId=1")
        assert status == 400
        assert b"not a link of ours" in page


def test_a_link_is_not_used_up_by_a_mail_scanner_that_only_looks(stranger: Business) -> None:
    url = link(stranger)
    assert get(url)[0] == 303
    assert get(url)[0] == 303
    assert browse(url).status == 200
    stranger.disconnect()

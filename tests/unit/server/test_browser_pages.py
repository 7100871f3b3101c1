"""Connecting in a browser."""

from __future__ import annotations

import aiohttp
import pytest

from avantto_qbo.errors import TransientError
from unit.server.standins import MemoryFlow


async def test_the_link_sends_the_browser_on_with_a_cookie_of_its_own(
    public: str, browser: aiohttp.ClientSession
) -> None:
    async with browser.get(f"{public}/connect/good", allow_redirects=False) as answer:
        assert answer.status == 303
        assert answer.headers["Location"] == "https://crm.example/authorize?state=s1"
        cookie = answer.cookies["avantto_qbo_connect"]
    assert cookie.value == "browser-1"
    assert (cookie["secure"], cookie["httponly"], cookie["samesite"]) == (True, True, "Lax")


async def test_a_used_link_is_explained_in_plain_words(public: str, browser: aiohttp.ClientSession) -> None:
    async with browser.get(f"{public}/connect/used") as answer:
        assert answer.status == 400
        assert "This link was used already" in await answer.text()


async def test_a_link_preview_uses_nothing_up(public: str, browser: aiohttp.ClientSession) -> None:
    async with browser.head(f"{public}/connect/good") as answer:
        assert answer.status == 405


async def test_the_callback_of_another_browser_is_refused(public: str, browser: aiohttp.ClientSession) -> None:
    async with browser.get(f"{public}/oauth/avantto/callback?code=c1") as answer:
        assert answer.status == 400
        assert "not the browser" in await answer.text()


async def test_after_avantto_comes_quickbooks(public: str, browser: aiohttp.ClientSession) -> None:
    cookies = {"Cookie": "avantto_qbo_connect=browser-1"}
    async with browser.get(
        f"{public}/oauth/avantto/callback?code=c1", headers=cookies, allow_redirects=False
    ) as answer:
        assert answer.headers["Location"] == "https://books.example/authorize?after=c1"


async def test_the_last_page_says_what_goes_where_and_escapes_names(
    public: str, browser: aiohttp.ClientSession
) -> None:
    async with browser.get(f"{public}/oauth/quickbooks/callback?code=c2&realmId=900") as answer:
        text = await answer.text()
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'")
    assert "Corner &lt;Cafe&gt; is connected" in text
    assert "Undeposited Funds" in text


@pytest.mark.parametrize(("trouble", "status"), [(TransientError("reset"), 502), (KeyError("secret"), 500)])
async def test_trouble_never_shows_its_insides(
    public: str, browser: aiohttp.ClientSession, flow: MemoryFlow, trouble: Exception, status: int
) -> None:
    flow.trouble = trouble
    async with browser.get(f"{public}/connect/good") as answer:
        assert answer.status == status
        assert "secret" not in await answer.text()

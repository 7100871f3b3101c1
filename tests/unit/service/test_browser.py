from __future__ import annotations

from datetime import timedelta
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from avantto_qbo.errors import RefusedError
from avantto_qbo.model.records import Status
from avantto_qbo.sandbox.http import Request
from avantto_qbo.service.browser import Browser
from stage import KEY, OTHER_PLACE, PLACE, REALM, Stage
from unit.actors.scenes import books_fault


class Person:
    """A person in front of a browser, and the vendors' consent pages."""

    def __init__(self, stage: Stage, key: bytes = KEY) -> None:
        self.stage = stage
        self.browser = Browser(
            stage.house,
            stage.connecting,
            avantto=stage.avantto,
            quickbooks=stage.quickbooks,
            key=key,
            public_url="https://daemon.test",
        )

    async def token(self) -> str:
        return (await self.browser.link(PLACE, "uid 1000")).url.rpartition("/")[2]

    def consent(self, url: str) -> dict[str, str]:
        """Agree at a vendor's page; returns what the browser brings back."""
        parts = urlsplit(url)
        service = self.stage.books if parts.hostname == "quickbooks.test" else self.stage.crm
        reply = service.handle(Request("GET", parts.path, dict(parse_qsl(parts.query))))
        assert reply.status == 302, reply.body
        return dict(parse_qsl(urlsplit(reply.headers["location"]).query))

    async def at_quickbooks(self, token: str) -> dict[str, str]:
        """Come as far as QuickBooks' consent."""
        first = await self.browser.begin_connect(token)
        second = await self.browser.avantto_callback(self.consent(first.url), first.cookie)
        return self.consent(second.url)


@pytest.fixture
def person(unconnected: Stage) -> Person:
    return Person(unconnected)


async def test_a_link_connects_its_location(person: Person) -> None:
    token = await person.token()
    answer = await person.browser.quickbooks_callback(await person.at_quickbooks(token), token)
    assert (answer.location, answer.realm) == (PLACE, REALM)
    assert (await person.stage.record()).status is Status.CONNECTED
    events = [(line.event, line.actor) for line in await person.stage.activity()]
    assert events == [("location.connected", "browser"), ("location.link", "uid 1000")]


async def test_only_the_last_step_changes_anything(person: Person) -> None:
    await person.at_quickbooks(await person.token())
    assert [line.event for line in await person.stage.activity()] == ["location.link"]


async def test_a_link_is_used_once(person: Person) -> None:
    token = await person.token()
    params = await person.at_quickbooks(token)
    await person.browser.quickbooks_callback(params, token)
    for step in (
        person.browser.begin_connect(token),
        person.browser.avantto_callback({}, token),
        person.browser.quickbooks_callback(params, token),
    ):
        with pytest.raises(RefusedError, match="used already"):
            await step


async def test_a_link_is_good_for_a_day(person: Person) -> None:
    token = await person.token()
    await person.stage.clock.sleep(timedelta(hours=24, seconds=1).total_seconds())
    with pytest.raises(RefusedError, match="too old"):
        await person.browser.begin_connect(token)


@pytest.mark.parametrize("token", ["", "x", ".", "a.b", "é.ü", "YQ.YQ", "x" * 500])
async def test_a_link_that_is_not_ours_opens_nothing(person: Person, token: str) -> None:
    with pytest.raises(RefusedError, match="not a link of ours"):
        await person.browser.begin_connect(token)


async def test_a_link_signed_with_another_key_opens_nothing(person: Person) -> None:
    other = Person(person.stage, bytes(32))
    with pytest.raises(RefusedError, match="not a link of ours"):
        await person.browser.begin_connect(await other.token())


async def test_a_changed_link_opens_nothing(person: Person) -> None:
    body, _, signature = (await person.token()).partition(".")
    with pytest.raises(RefusedError, match="not a link of ours"):
        await person.browser.begin_connect(f"{body[:-4]}AAAA.{signature}")


async def test_somebody_else_s_answer_is_refused(person: Person) -> None:
    token, other = await person.token(), await person.token()
    first = await person.browser.begin_connect(token)
    with pytest.raises(RefusedError, match="another link"):
        await person.browser.avantto_callback(person.consent(first.url), other)
    params = await person.at_quickbooks(token)
    with pytest.raises(RefusedError, match="another link"):
        await person.browser.quickbooks_callback(params, other)
    with pytest.raises(RefusedError, match="open the link again"):
        await person.browser.quickbooks_callback({**params, "realmId": ""}, token)


async def test_avantto_need_not_echo_the_state(person: Person) -> None:
    person.stage.crm.play.set(echo_state=False)
    token = await person.token()
    answer = await person.browser.quickbooks_callback(await person.at_quickbooks(token), token)
    assert answer.location == PLACE


async def test_quickbooks_must_echo_the_state(person: Person) -> None:
    token = await person.token()
    params = await person.at_quickbooks(token)
    del params["state"]
    with pytest.raises(RefusedError, match="another link"):
        await person.browser.quickbooks_callback(params, token)


async def test_quickbooks_before_avantto_is_refused(person: Person) -> None:
    token = await person.token()
    params = await person.at_quickbooks(token)
    restarted = Person(person.stage)
    with pytest.raises(RefusedError, match="open the link again"):
        await restarted.browser.quickbooks_callback(params, token)


async def test_choosing_another_location_is_refused(person: Person) -> None:
    person.stage.furnish(OTHER_PLACE)
    person.stage.crm.play.choose(OTHER_PLACE)
    first = await person.browser.begin_connect(await person.token())
    with pytest.raises(RefusedError, match=f"you chose location {OTHER_PLACE}"):
        await person.browser.avantto_callback(person.consent(first.url), first.cookie)


async def test_somebody_who_says_no_is_not_connected(person: Person) -> None:
    first = await person.browser.begin_connect(await person.token())
    with pytest.raises(RefusedError, match="avantto did not agree"):
        await person.browser.avantto_callback({"error": "access_denied"}, first.cookie)
    token = await person.token()
    begun = await person.browser.begin_connect(token)
    second = await person.browser.avantto_callback(person.consent(begun.url), token)
    person.stage.books.play.consent(deny=True)
    params = person.consent(second.url)
    with pytest.raises(RefusedError, match=r"did not agree|another link"):
        await person.browser.quickbooks_callback({"realmId": REALM, **params}, token)


@pytest.mark.parametrize("fault", [{"status": 503}, {"status": 400, "body": '{"error":"invalid_grant"}'}])
async def test_a_code_that_is_not_taken_is_explained(person: Person, fault: dict[str, Any]) -> None:
    token = await person.token()
    params = await person.at_quickbooks(token)
    books_fault(person.stage, "oauth.exchange", action="status", **fault)
    with pytest.raises(RefusedError, match="quickbooks did not accept the consent"):
        await person.browser.quickbooks_callback(params, token)


async def test_a_connection_that_is_refused_leaves_the_link_good(person: Person) -> None:
    stage = person.stage
    await stage.open(OTHER_PLACE)
    token = await person.token()
    with pytest.raises(RefusedError, match="already connected to location"):
        await person.browser.quickbooks_callback(await chosen(person, token), token)
    await stage.connecting.disconnect(OTHER_PLACE, "test")
    await stage.clock.sleep(60)
    answer = await person.browser.quickbooks_callback(await chosen(person, token), token)
    assert answer.location == PLACE


async def chosen(person: Person, token: str) -> dict[str, str]:
    person.stage.crm.play.choose(PLACE)
    return await person.at_quickbooks(token)

from __future__ import annotations

from typing import Any

import pytest

from avantto_qbo.errors import RefusedError
from avantto_qbo.model.drafts import MessageDraft
from avantto_qbo.model.settings import Channel, Settings
from avantto_qbo.rules.crm.message import render
from unit.rules.cases import contact

LINK = 'https://g.page/r/bright?a=1&b="2"'


def rendered(channel: Channel, settings: Settings | None = None, **person: str) -> MessageDraft:
    return render(settings or Settings(), channel, contact(**person), business="Bright & Sons", link=LINK)


def templates(**texts: str) -> Settings:
    return Settings(review_message={**Settings().review_message, **texts})


def test_an_email_is_filled_and_escaped() -> None:
    draft = rendered(Channel.EMAIL, first_name="<b>Jane</b>")
    assert draft.subject == "How did we do?"
    assert "Hi &lt;b&gt;Jane&lt;/b&gt;" in draft.text
    assert "choosing Bright &amp; Sons." in draft.text
    assert '<a href="https://g.page/r/bright?a=1&amp;b=&quot;2&quot;">' in draft.text


def test_a_text_message_is_plain() -> None:
    draft = rendered(Channel.SMS)
    assert draft.text.startswith("Hi Jane, thank you for choosing Bright & Sons!")
    assert draft.text.endswith(LINK)
    assert (draft.channel, draft.subject) == ("sms", "")


def test_a_subject_is_one_plain_line() -> None:
    draft = rendered(Channel.EMAIL, templates(subject="{business}:\n how was it, {first_name}?"))
    assert draft.subject == "Bright & Sons: how was it, Jane?"


@pytest.mark.parametrize(
    ("person", "hello"),
    [
        ({"first_name": "", "name": "Mary Ann"}, "Hi Mary,"),
        ({"first_name": "", "name": ""}, "Hi there,"),
    ],
)
def test_a_person_without_a_first_name_is_still_greeted(person: dict[str, Any], hello: str) -> None:
    assert rendered(Channel.SMS, **person).text.startswith(hello)


def test_doubled_braces_are_braces() -> None:
    assert rendered(Channel.SMS, templates(sms="{{{first_name}}} {link}")).text == f"{{Jane}} {LINK}"


@pytest.mark.parametrize(
    "template",
    ["", "  ", "Hi {", "Hi }", "Hi {name}", "Hi {}", "{link!r}", "{link:>9}", "{link.__class__}", "{first_name[0]}"],
)
def test_a_bad_template_names_the_setting(template: str) -> None:
    with pytest.raises(RefusedError) as caught:
        rendered(Channel.SMS, templates(sms=template))
    assert caught.value.field == "review_message"
    assert "review_message.sms" in caught.value.problem


def test_a_template_that_is_not_there_names_the_setting() -> None:
    with pytest.raises(RefusedError, match=r"review_message\.subject is empty"):
        rendered(Channel.EMAIL, Settings(review_message={"email": "Hi"}))

"""The demonstration's story is big enough, is the same every time, and its ground carries a real daemon."""

from __future__ import annotations

import random
from collections import Counter
from pathlib import Path

import pytest

from avantto_qbo.config_file import load
from avantto_qbo.demo.ground import ground
from avantto_qbo.demo.studio.cast import EXISTING, customers, person
from avantto_qbo.demo.studio.story import PENDING, RENEWALS, make_story
from avantto_qbo.secrets import load_secrets

STAY_OUT = {"draft", "test", "old"}


def test_the_same_seed_writes_the_same_day() -> None:
    assert make_story(random.Random(5)) == make_story(random.Random(5))
    assert make_story(random.Random(5)) != make_story(random.Random(6))


def test_the_day_has_forty_invoices_and_sixty_payments() -> None:
    story = make_story(random.Random(5))
    invoices = Counter(plan.fate for plan in story.invoices)
    posted = sum(count for fate, count in invoices.items() if fate not in STAY_OUT)
    sales = [plan for plan in story.sales if plan.fate in {"paid", "pending"}]
    assert posted >= 40
    assert all(invoices[fate] for fate in STAY_OUT | {"edited", "cash", "mixed", "partial", "void"})
    assert len(sales) + len(story.subscriptions) + RENEWALS >= 60
    assert sum(plan.fate == "pending" for plan in sales) == PENDING
    assert {plan.fate for plan in story.sales} >= {"failed", "bounced", "test"}


def test_people_come_back() -> None:
    story = make_story(random.Random(5))
    buyers = Counter(plan.who for plan in (*story.invoices, *story.sales))
    assert sum(1 for times in buyers.values() if times > 1) >= 20


def test_at_least_150_customers_exist_and_nobody_shares_an_address() -> None:
    people = [person(number) for number in range(EXISTING)]
    emails = [who.email for who in people if who.email]
    assert len(list(customers())) >= 150
    assert len(set(emails)) == len(emails)
    assert len({who.phone for who in people}) == len(people)


def test_the_daemon_reads_the_configuration_it_is_given() -> None:
    with ground() as place:
        place.furnish(avantto="http://127.0.0.1:1", quickbooks="http://127.0.0.1:2", webhook_key="-----PEM-----")
        config = load(place.config)
        secrets = load_secrets(config.secrets.directory, {})
        assert config.avantto.token_url == "http://127.0.0.1:1/oauth/token"
        assert config.journal.url == f"sqlite:///{place.directory}/journal.db"
        assert secrets.quickbooks_webhook_verifier == place.verifier
    assert not place.directory.exists()


def test_a_socket_path_the_kernel_would_refuse_is_avoided(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    deep = tmp_path / ("deep" * 25)
    deep.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(deep))
    with ground() as place:
        assert len(str(place.socket)) < 108
    assert list(deep.iterdir()) == []

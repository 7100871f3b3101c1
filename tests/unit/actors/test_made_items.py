from __future__ import annotations

from typing import Any

import pytest

from avantto_qbo.journal import links, settings
from avantto_qbo.model.records import Link, Topic
from stage import OTHER_PLACE, PLACE, REALM, Stage


def items(stage: Stage) -> dict[str, str]:
    """The names of the company's items by id."""
    return {row["Id"]: row["Name"] for row in stage.in_books("Item")}


def booked(stage: Stage, number: int = 0) -> list[str]:
    """The names of the items that an invoice's lines are booked to."""
    names, lines = items(stage), stage.in_books("Invoice")[number]["Line"]
    sold = [line["SalesItemLineDetail"] for line in lines if line["DetailType"] == "SalesItemLineDetail"]
    return [names[detail["ItemRef"]["value"]] for detail in sold]


def wash(**members: Any) -> dict[str, Any]:
    return {"name": "Wash", "amount": 100, **members}


async def choose(stage: Stage, key: str, value: str) -> None:
    """What a person's `settings` does."""
    body, now = f'"{value}"'.encode(), stage.clock.now()
    await stage.journal.write(lambda db: settings.put(db, PLACE, key, body, now, "test"))


async def map_product(stage: Stage, product: str, item: str) -> None:
    """What a person's `map` does for a product."""
    now = stage.clock.now()
    link = Link(PLACE, REALM, "product", product, "", "Item", item, now, now)
    await stage.journal.write(lambda db: links.put(db, link))


async def test_a_product_gets_an_item_of_its_own_where_that_is_wanted(stage: Stage) -> None:
    await choose(stage, "products", "create")
    bought = [wash(productId="prod1"), {"name": "By hand", "amount": 5}]
    await stage.mirror(stage.sent_invoice(items=bought))
    assert booked(stage) == ["Wash", "Avantto sales"]
    made = len(items(stage))
    await stage.mirror(stage.sent_invoice(items=bought))
    assert booked(stage, 1) == ["Wash", "Avantto sales"]
    assert len(items(stage)) == made


async def test_an_item_made_for_one_location_serves_the_whole_company(stage: Stage) -> None:
    await stage.mirror(stage.sent_invoice())
    await stage.open(OTHER_PLACE, share=True)
    await stage.mirror(stage.sent_invoice(OTHER_PLACE, number="B-1"), OTHER_PLACE)
    assert booked(stage, 1) == ["Avantto sales"]
    assert list(items(stage).values()).count("Avantto sales") == 1


async def test_a_person_s_choice_for_a_product_counts_at_its_location_only(stage: Stage) -> None:
    await map_product(stage, "prod1", "2")
    await stage.mirror(stage.sent_invoice(items=[wash(productId="prod1")]))
    assert booked(stage) == ["Hours"]
    await stage.open(OTHER_PLACE, share=True)
    other = stage.sent_invoice(OTHER_PLACE, number="B-1", items=[wash(productId="prod1")])
    await stage.mirror(other, OTHER_PLACE)
    assert booked(stage, 1) == ["Avantto sales"]


@pytest.mark.parametrize("times", [1, 2])
async def test_a_default_item_that_was_made_inactive_is_made_again_beside_it(stage: Stage, times: int) -> None:
    await stage.mirror(stage.sent_invoice())
    for _ in range(times):
        stage.books.play.deactivate(REALM, "Item", stage.in_books("Item")[-1]["Id"])
        stage.directory.realm(REALM).forget_company()
        await stage.mirror(stage.sent_invoice())
    assert booked(stage, times) == [f"Avantto sales ({times + 1})"]
    assert await stage.held() == []


async def test_a_line_s_class_and_a_document_s_department_are_those_of_the_settings(stage: Stage) -> None:
    stage.books.play.set(REALM, class_tracking=True, department_tracking=True)
    retail = stage.books.play.create(REALM, "Class", {"Name": "Retail"})["Id"]
    north = stage.books.play.create(REALM, "Department", {"Name": "North"})["Id"]
    stage.directory.realm(REALM).forget_company()
    await choose(stage, "class", "retail")
    await choose(stage, "department", "North")
    await stage.mirror(stage.sent_invoice())
    [made] = stage.in_books("Invoice")
    assert made["DepartmentRef"]["value"] == north
    assert made["Line"][0]["SalesItemLineDetail"]["ClassRef"]["value"] == retail


async def test_a_class_the_company_does_not_have_waits_for_a_person(stage: Stage) -> None:
    await choose(stage, "class", "Retail")
    await stage.tell(Topic.INVOICE, stage.sent_invoice())
    await stage.work()
    assert await stage.held() == ["class"]


async def test_reading_the_facts_of_a_company_costs_two_reads(stage: Stage) -> None:
    """One batch for all lists, and a page of items."""
    before = stage.asked("batch"), stage.asked("item.query")
    await stage.directory.realm(REALM).learn()
    assert (stage.asked("batch"), stage.asked("item.query")) == (before[0] + 1, before[1] + 1)

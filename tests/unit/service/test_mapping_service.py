"""What waits for a choice, and choices made."""

from __future__ import annotations

from typing import Any

import pytest

from avantto_qbo.errors import ConfigError, RefusedError
from avantto_qbo.journal import locations
from avantto_qbo.journal import settings as stored
from avantto_qbo.model.ids import LocationId
from avantto_qbo.model.operation import State
from avantto_qbo.server.api_mapping import How, MapKind, Mapped, MappingAnswer, MappingRequest
from avantto_qbo.server.ports import UnknownObjectError
from avantto_qbo.service.mapping import MappingDesk
from avantto_qbo.service.settings import SettingsDesk
from stage import ANN, PLACE, REALM, Stage
from unit.actors.scenes import crm_fault, sell

VAT = {"name": "VAT", "rate": 20}
ODD = {"name": "Odd tax", "rate": 17}


@pytest.fixture
async def uk() -> Stage:
    """A connected location whose company is British."""
    made = Stage()
    made.crm.play.add_location(PLACE, "Shop", currency="GBP", timezone="Europe/London", country="GB")
    await made.open(kind="uk")
    await made.work_off()
    return made


def taxed(stage: Stage, *taxes: dict[str, Any], **item: Any) -> str:
    """An invoice with a line for each of these taxes; returns its id."""
    items = [{"name": "Wash", "amount": 100, "taxes": [tax], **item} for tax in taxes]
    return stage.sent_invoice(items=items)


async def choose(stage: Stage, kind: MapKind, **changes: str | None) -> MappingAnswer:
    return await MappingDesk(stage.house, stage.directory).set_mapping(PLACE, MappingRequest(kind, changes), "uid 1000")


async def look(stage: Stage, kind: MapKind | None = None) -> MappingAnswer:
    return await MappingDesk(stage.house, stage.directory).mapping(PLACE, kind)


def row(answer: MappingAnswer, name: str) -> Mapped:
    return next(one for one in answer.mapped if one.name == name)


async def own_settings(stage: Stage) -> dict[str, bytes]:
    return await stage.journal.read(lambda db: stored.of(db, PLACE))


async def test_a_tax_without_its_rate_waits_with_all_codes_and_the_clear_ones_are_marked(uk: Stage) -> None:
    invoice = taxed(uk, VAT, ODD)
    await uk.mirror(invoice)
    answer = await look(uk)
    odd, vat = row(answer, "Odd tax 17"), row(answer, "VAT 20")
    assert (odd.how, odd.rates, odd.documents) == (How.WAITING, "17 %", (f"invoice {invoice}",))
    assert [code.name for code in odd.candidates] == ["20.0% S", "5.0% R", "0.0% Z", "Exempt", "No VAT"]
    assert odd.mend == f'avantto-qbo map {PLACE} tax "Odd tax 17=CODE"'
    assert (vat.how, vat.to.name if vat.to else "") == (How.RATE, "20.0% S")
    assert not answer.choices


async def test_codes_of_the_same_rate_are_the_candidates(uk: Stage) -> None:
    uk.books.play.add_tax_code(REALM, "20.0% Special", {"Special": 20})
    uk.directory.realm(REALM).forget_company()
    await uk.mirror(taxed(uk, VAT))
    vat = row(await look(uk, MapKind.TAX), "VAT 20")
    assert [(code.name, code.detail) for code in vat.candidates] == [("20.0% S", "20 %"), ("20.0% Special", "20 %")]


async def test_a_chosen_code_books_what_was_held_at_once(uk: Stage) -> None:
    uk.books.play.add_tax_code(REALM, "20.0% Special", {"Special": 20})
    uk.directory.realm(REALM).forget_company()
    await uk.mirror(taxed(uk, VAT))
    assert await uk.held() == ["tax_code"]
    answer = await choose(uk, MapKind.TAX, VAT="20.0% special")
    chosen = row(answer, "VAT")
    assert (chosen.how, chosen.to.name if chosen.to else "") == (How.CHOSEN, "20.0% Special")
    await uk.work_off()
    [booked] = uk.in_books("Invoice")
    assert chosen.to is not None
    assert booked["Line"][0]["SalesItemLineDetail"]["TaxCodeRef"]["value"] == chosen.to.id
    told = next(line for line in await uk.activity() if line.event == "mapping.changed")
    assert (told.actor, told.text) == ("uid 1000", f"tax VAT → 20.0% Special ({chosen.to.id})")


async def test_a_code_made_a_minute_ago_can_be_chosen(uk: Stage) -> None:
    uk.books.play.add_tax_code(REALM, "Odd", {"Odd": 17})
    assert row(await choose(uk, MapKind.TAX, **{"Odd tax": "Odd"}), "Odd tax").how is How.CHOSEN


async def test_lines_without_tax_have_an_entry_of_their_own(uk: Stage) -> None:
    await uk.mirror(uk.sent_invoice(items=[{"name": "Book", "amount": 10}, {"name": "W", "amount": 5, "taxes": [VAT]}]))
    none = row(await look(uk, MapKind.TAX), "none")
    assert [code.name for code in none.candidates] == ["0.0% Z", "Exempt", "No VAT"]
    await choose(uk, MapKind.TAX, NONE="Exempt")
    assert "tax_codes.none" in await own_settings(uk)
    await uk.work_off()
    assert len(uk.in_books("Invoice")) == 1


async def test_a_sale_s_taxes_are_seen_on_its_order(uk: Stage) -> None:
    items = [{"name": "Kit", "amount": 100, "taxes": [ODD]}, {"name": "Box", "amount": 100, "taxes": [VAT]}]
    uk.crm.play.sell(PLACE, ANN, items)
    await uk.pollers.run(PLACE, "payments")
    await uk.work_off()
    answer = await look(uk, MapKind.TAX)
    assert (row(answer, "Odd tax 17").how, row(answer, "VAT 20").how) == (How.WAITING, How.RATE)


async def test_a_code_is_chosen_by_the_rate_alone_too(uk: Stage) -> None:
    await uk.mirror(taxed(uk, ODD))
    held = await uk.operations(State.HELD)
    await uk.journal.write(lambda db: stored.put(db, PLACE, "tax_codes.17", b'"2"', uk.clock.now(), "test"))
    odd = row(await look(uk, MapKind.TAX), "Odd tax 17")
    assert (odd.how, odd.to.id if odd.to else "") == (How.CHOSEN, "2")
    assert len(held) == 1


async def test_another_case_of_the_same_name_replaces_it(uk: Stage) -> None:
    await choose(uk, MapKind.TAX, VAT="2")
    await choose(uk, MapKind.TAX, vat="3")
    assert await own_settings(uk) == {"tax_codes.vat": b'"3"'}


async def test_a_choice_is_forgotten(uk: Stage) -> None:
    await choose(uk, MapKind.TAX, VAT="2")
    assert not (await choose(uk, MapKind.TAX, VAT=None)).mapped
    assert not await own_settings(uk)


@pytest.mark.parametrize(
    ("kind", "name", "field"),
    [
        (MapKind.TAX, "VAT", "tax_codes.VAT"),
        (MapKind.ITEM, "p1", "product p1"),
        (MapKind.ACCOUNT, "stripe", "deposit_accounts.stripe"),
    ],
)
async def test_what_is_not_there_can_neither_be_chosen_nor_forgotten(
    uk: Stage, kind: MapKind, name: str, field: str
) -> None:
    with pytest.raises(ConfigError) as refused:
        await choose(uk, kind, **{name: "nothing like it"})
    assert refused.value.key == field
    assert refused.value.mend == f"see `avantto-qbo map {PLACE} {kind}`"
    with pytest.raises(ConfigError, match="is not chosen for this location"):
        await choose(uk, kind, **{name: None})


async def test_one_wrong_choice_makes_none(uk: Stage) -> None:
    with pytest.raises(ConfigError):
        await choose(uk, MapKind.TAX, VAT="2", GST="no such code")
    with pytest.raises(ConfigError):
        await choose(uk, MapKind.TAX, VAT="2", GST=None)
    assert not await own_settings(uk)


@pytest.mark.parametrize("name", ["", "  ", "a\nb"])
async def test_a_name_must_be_one(uk: Stage, name: str) -> None:
    with pytest.raises(ConfigError, match="names nothing"):
        await choose(uk, MapKind.TAX, **{name: "2"})


async def test_an_inactive_code_is_no_choice_and_an_old_choice_of_it_is_broken(uk: Stage) -> None:
    await choose(uk, MapKind.TAX, VAT="20.0% S")
    uk.books.play.deactivate(REALM, "TaxCode", "2")
    with pytest.raises(ConfigError, match="no active tax code"):
        await choose(uk, MapKind.TAX, GST="2")
    vat = row(await look(uk, MapKind.TAX), "VAT")
    assert (vat.how, vat.mend) == (How.BROKEN, f'avantto-qbo map {PLACE} tax "VAT=…"')


async def test_a_product_gets_its_item(stage: Stage) -> None:
    answer = await choose(stage, MapKind.ITEM, p1="hours")
    chosen = row(answer, "p1")
    assert chosen.to is not None
    assert (chosen.how, chosen.to.name) == (How.CHOSEN, "Hours")
    assert {choice.name for choice in answer.choices} >= {"Hours", "Services"}
    await stage.mirror(stage.sent_invoice(items=[{"name": "Wash", "amount": 100, "productId": "p1"}]))
    [booked] = stage.in_books("Invoice")
    assert booked["Line"][0]["SalesItemLineDetail"]["ItemRef"]["value"] == chosen.to.id
    assert not (await choose(stage, MapKind.ITEM, p1=None)).mapped


async def test_an_item_that_moves_stock_is_no_choice(stage: Stage) -> None:
    accounts = {name: {"value": "9"} for name in ("AssetAccountRef", "ExpenseAccountRef")}
    stock = {"Type": "Inventory", "TrackQtyOnHand": True, "QtyOnHand": 1, "InvStartDate": "2026-01-01"}
    body = {"Name": "Shelf", "IncomeAccountRef": {"value": "2"}, **accounts, **stock}
    item = stage.books.play.create(REALM, "Item", body)["Id"]
    with pytest.raises(ConfigError, match="no active service or non-inventory item"):
        await choose(stage, MapKind.ITEM, p1=item)


async def test_a_processor_gets_its_account(stage: Stage) -> None:
    answer = await choose(stage, MapKind.ACCOUNT, stripe="card clearing", cash="undeposited")
    to = {one.name: one.to.name for one in answer.mapped if one.to}
    assert to == {"cash": "Undeposited Funds", "stripe": "Card Clearing"}
    invoice = stage.sent_invoice()
    stage.crm.play.pay_invoice(PLACE, invoice)
    await stage.mirror(invoice)
    [payment] = stage.in_books("Payment")
    clearing = next(one.to.id for one in answer.mapped if one.name == "stripe" and one.to)
    assert payment["DepositToAccountRef"]["value"] == clearing


async def test_settings_show_the_names_behind_chosen_ids(uk: Stage) -> None:
    await choose(uk, MapKind.TAX, VAT="2")
    await choose(uk, MapKind.ACCOUNT, stripe="Checking")
    shown = {one.key: one.resolved for one in (await SettingsDesk(uk.house, uk.directory).settings(PLACE)).settings}
    assert (shown["tax_codes.VAT"], shown["deposit_accounts.stripe"]) == ("20.0% S", "Checking")


async def test_a_setting_that_names_undeposited_funds_is_a_choice(stage: Stage) -> None:
    now = stage.clock.now()
    await stage.journal.write(lambda db: stored.put(db, PLACE, "deposit_accounts.cash", b'"undeposited"', now, "test"))
    assert row(await look(stage, MapKind.ACCOUNT), "cash").how is How.CHOSEN


async def test_choices_that_settings_make_are_listed_once_with_all_that_waits(stage: Stage) -> None:
    now = stage.clock.now()
    await stage.journal.write(lambda db: stored.put(db, PLACE, "deposit_account", b'"Nowhere"', now, "test"))
    for _ in range(2):
        await sell(stage)
    await stage.work_off()
    [waiting] = (await look(stage)).waiting
    assert (waiting.kind, waiting.code, len(waiting.documents)) == (MapKind.ACCOUNT, "deposit_account", 2)
    assert waiting.mend == f"avantto-qbo settings {PLACE} deposit_account=NAME"
    assert not (await look(stage, MapKind.ITEM)).waiting


async def test_what_avantto_does_not_show_now_is_said(uk: Stage) -> None:
    invoice = taxed(uk, ODD)
    await uk.mirror(invoice)
    crm_fault(uk, "invoices.read", action="status", status=503, times=9)
    answer = await look(uk)
    assert answer.problem.startswith(f"invoice {invoice} could not be read in Avantto: ")
    assert (row(answer, "Odd tax 17").how, row(answer, "Odd tax 17").rates) == (How.WAITING, "")


async def test_a_location_must_exist_and_its_company_be_known(stage: Stage) -> None:
    with pytest.raises(UnknownObjectError):
        await MappingDesk(stage.house, stage.directory).mapping(LocationId("nowhere"), None)
    await stage.journal.write(lambda db: locations.remove_realm(db, REALM))
    with pytest.raises(RefusedError, match="is not known"):
        await look(stage)

from __future__ import annotations

import pytest

from avantto_qbo.errors import ConfigError
from avantto_qbo.model.ids import RealmId
from avantto_qbo.model.quickbooks import Account, Company, Item
from avantto_qbo.server.api_mapping import MapKind
from avantto_qbo.service.choices import named, picked

COMPANY = Company(
    RealmId("1"),
    "Shop",
    "US",
    "USD",
    items=(Item("3", "Kit", "Service", sku="K-1"), Item("7", "kit", "Service"), Item("8", "3", "Service")),
    accounts=(Account("4", "Checking", "Bank"), Account("5", "Old", "Bank", active=False)),
)


def test_an_id_goes_before_a_name() -> None:
    assert picked(MapKind.ITEM, COMPANY, "3", key="product p", see="map").name == "Kit"


def test_a_name_that_several_bear_is_refused_with_their_ids() -> None:
    with pytest.raises(ConfigError) as refused:
        picked(MapKind.ITEM, COMPANY, "KIT", key="product p", see="map")
    assert refused.value.problem == '"KIT" is the name of several: 3 (K-1), 7'
    assert refused.value.mend == "choose one by its id"


def test_undeposited_funds_must_be_there_to_be_chosen() -> None:
    assert named(MapKind.ACCOUNT, COMPANY, "undeposited") == ()
    assert named(MapKind.ACCOUNT, COMPANY, "old") == ()

from __future__ import annotations

from avantto_qbo.model.ids import LocationId, OperationId
from avantto_qbo.model.operation import Reason
from avantto_qbo.rules.reasons import addressed, setting


def test_only_the_word_id_becomes_the_operations_id() -> None:
    mend = f"{setting(LocationId('xIDx'), 'tax=auto')}, then: avantto-qbo retry ID or skip ID"
    assert addressed(Reason("c", "t", mend), OperationId("op1")).mend == (
        "avantto-qbo settings xIDx tax=auto, then: avantto-qbo retry op1 or skip op1"
    )

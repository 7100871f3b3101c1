from __future__ import annotations

import anyio

from avantto_qbo.metrics import Metrics
from avantto_qbo.model.records import Topic
from avantto_qbo.service.gauges import keep_gauges, refresh
from stage import PLACE, Stage
from unit.actors.scenes import books_fault

REFUSAL = '{"Fault":{"Error":[{"code":"6000","Message":"A business validation error"}],"type":"ValidationFault"}}'


async def gauges(stage: Stage, metrics: Metrics) -> dict[str, float]:
    await stage.journal.read(lambda db: refresh(db, stage.house, metrics))
    lines = metrics.render().decode().splitlines()
    return {line.rpartition(" ")[0]: float(line.rpartition(" ")[2]) for line in lines if not line.startswith("#")}


async def test_gauges_say_what_the_journal_holds(stage: Stage) -> None:
    metrics = Metrics()
    books_fault(stage, "invoice.create", action="status", status=400, body=REFUSAL)
    await stage.mirror(stage.sent_invoice())
    await stage.tell(Topic.INVOICE, "a" * 24)
    await stage.clock.sleep(90)
    told = await gauges(stage, metrics)
    assert told['avantto_qbo_locations{status="connected"}'] == 1
    assert told['avantto_qbo_open_operations{state="held"}'] == 1
    assert told['avantto_qbo_mail{topic="invoice"}'] == 2
    assert told['avantto_qbo_oldest_mail_seconds{lane="money"}'] == 90
    assert told["avantto_qbo_attention"] == 1


async def test_an_empty_mailbox_is_told_as_empty(stage: Stage) -> None:
    metrics = Metrics()
    await stage.tell(Topic.INVOICE, stage.sent_invoice())
    assert (await gauges(stage, metrics))['avantto_qbo_mail{topic="invoice"}'] == 1
    await stage.work_off()
    assert (await gauges(stage, metrics))['avantto_qbo_mail{topic="invoice"}'] == 0


async def test_mail_that_is_not_due_has_no_age(stage: Stage) -> None:
    assert (await gauges(stage, Metrics()))['avantto_qbo_oldest_mail_seconds{lane="money"}'] == 0


async def test_no_location_is_named(stage: Stage) -> None:
    metrics = Metrics()
    await gauges(stage, metrics)
    assert PLACE not in metrics.render().decode()


async def test_gauges_are_refreshed_again_and_again(stage: Stage) -> None:
    metrics = Metrics()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(keep_gauges, stage.house, metrics)
        await stage.clock.sleep(1)
        await stage.tell(Topic.INVOICE, "a" * 24)
        await stage.clock.sleep(20)
        tasks.cancel_scope.cancel()
    assert 'avantto_qbo_mail{topic="invoice"} 1.0' in metrics.render().decode()

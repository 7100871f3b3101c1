from __future__ import annotations

from avantto_qbo.journal import settings as stored
from avantto_qbo.location_settings import encode_setting
from stage import OTHER_PLACE, PLACE, Stage


async def prefix(stage: Stage, text: str) -> None:
    now = stage.clock.now()
    await stage.journal.write(lambda db: stored.put(db, PLACE, "number_prefix", encode_setting(text), now, "test"))


async def test_two_locations_that_number_alike_are_told_so(stage: Stage) -> None:
    answer = await stage.open(OTHER_PLACE, share=True)
    (warning,) = answer.warnings
    assert PLACE in warning
    assert f"avantto-qbo settings {OTHER_PLACE} number_prefix=" in warning


async def test_a_prefix_tells_two_locations_apart(stage: Stage) -> None:
    await prefix(stage, "A-")
    assert (await stage.open(OTHER_PLACE, share=True)).warnings == ()


async def test_where_quickbooks_numbers_no_series_can_collide(stage: Stage) -> None:
    now = stage.clock.now()
    by_books = encode_setting("quickbooks")
    for place in (PLACE, OTHER_PLACE):
        await stage.journal.write(lambda db, at=place: stored.put(db, at, "numbers", by_books, now, "test"))
    assert (await stage.open(OTHER_PLACE, share=True)).warnings == ()

"""A vendor that answers a renewal of tokens and forgets it: what it gave out never counted, what was before does."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from copy import deepcopy
from typing import Any


@contextmanager
def rolled_back(side: str, service: Any) -> Iterator[None]:
    """Whatever happens to the tokens of `service` in here, did not happen."""
    holder = service.authority if side == "quickbooks" else service.world
    books = (holder._access, holder._refresh) if side == "quickbooks" else (holder.access, holder.refresh)
    before = deepcopy(books)
    yield
    for book, was in zip(books, before, strict=True):
        book.clear()
        book.update(was)

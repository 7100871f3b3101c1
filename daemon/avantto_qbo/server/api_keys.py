"""The status API's answer about the journal key."""

from __future__ import annotations

import msgspec


class RotateAnswer(msgspec.Struct, frozen=True):
    """The journal key in use and how many values were sealed with it anew.

    `previous` says whether there still is a file `journal-key-previous`, which nothing needs any more; `scrubbed`
    whether the journal's file holds nothing any more that the key before could open.
    """

    key: str
    resealed: int
    previous: bool = False
    scrubbed: bool = True

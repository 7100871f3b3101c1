"""Read by Python itself before the program starts, where this folder is on PYTHONPATH; else it does not exist.

So the package holds no hook line at all: without these variables the daemon is the installed one, with them it is the
same one with wrapped seams. An error here must not pass for a daemon without trouble, hence the exit.
"""

from __future__ import annotations

import os
import traceback


def _install() -> None:
    if folder := os.environ.get("AVANTTO_QBO_FAILPOINT"):
        import crash_points

        crash_points.install(folder)
    if folder := os.environ.get("AVANTTO_QBO_DISK"):
        import crash_disk

        crash_disk.install(folder)


try:
    _install()
except BaseException:  # noqa: BLE001 - Python itself would only print it
    traceback.print_exc()
    os._exit(70)

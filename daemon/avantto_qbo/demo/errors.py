"""What can stop the demonstration itself."""

from __future__ import annotations


class DemoError(Exception):
    """A process did not start, a stand-in refused an action, or a command of ours failed."""

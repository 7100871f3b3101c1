"""The one exception tree, split by who must act.

Errors carry data; the sentence for a person is made at the edge that shows it.
"""

from __future__ import annotations

from datetime import timedelta


class AvanttoQboError(Exception):
    """Base of everything this package raises on purpose."""


class ConfigError(AvanttoQboError):
    """The operator must change the configuration, a secret file or a command's argument.

    `key` names the field; `mend` says what to write instead.
    """

    def __init__(self, key: str, problem: str, mend: str = "") -> None:
        super().__init__(f"{key}: {problem}" + (f" ({mend})" if mend else ""))
        self.key, self.problem, self.mend = key, problem, mend


class TransientError(AvanttoQboError):
    """Nobody must act: it passes by itself. `retry_after` is what the other side asked for, if it did."""

    def __init__(self, reason: str, retry_after: timedelta | None = None) -> None:
        super().__init__(reason)
        self.reason, self.retry_after = reason, retry_after


class NotSentError(TransientError):
    """The request never reached the other side: repeating it is safe."""


class AnswerLostError(TransientError):
    """The request may have been carried out, but no readable answer came back: in doubt."""


class QuotaSpentError(TransientError):
    """Metered reads are refused until the vendor's month ends; writes go on."""


class AppRefusedError(TransientError):
    """The vendor refuses this daemon's own client id or secret: the operator must mend it, no owner can.

    It passes once that is done, and no connection is dead for it.
    """


class RejectedError(AvanttoQboError):
    """The other side refused this very request for good. A bookkeeper or owner must decide.

    `code` is the vendor's code, `message` its short text (never the detail, which may hold personal data).
    """

    def __init__(self, code: str, message: str, *, status: int = 0, field: str = "") -> None:
        super().__init__(f"{code}: {message}")
        self.code, self.message, self.status, self.field = code, message, status, field


class AuthError(AvanttoQboError):
    """The connection is dead: the location's owner must reconnect. `provider` is `avantto` or `quickbooks`."""

    def __init__(self, provider: str, subject: str, reason: str) -> None:
        super().__init__(f"{provider} {subject}: {reason}")
        self.provider, self.subject, self.reason = provider, subject, reason


class RefusedError(AvanttoQboError):
    """A person asked for something that would be wrong; nothing was changed."""

    def __init__(self, problem: str, mend: str = "", *, field: str = "") -> None:
        super().__init__(problem + (f" ({mend})" if mend else ""))
        self.problem, self.mend, self.field = problem, mend, field


class InternalError(AvanttoQboError):
    """We are wrong: a broken invariant, to be reported and mended in the code."""

"""What the daemon counts, for Prometheus. No location, realm or document ever becomes a label."""

from __future__ import annotations

from typing import Final

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Gauge, Histogram, Info, generate_latest

from avantto_qbo import __version__

CONTENT_TYPE: Final = CONTENT_TYPE_LATEST
_CALL_SECONDS: Final = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 130)
_BOOKS_SECONDS: Final = (1, 2, 5, 10, 20, 30, 60, 120, 300, 900, 3600)


class Metrics:
    """Every metric of one daemon, on a registry of its own. Label values are closed sets.

    `webhooks`: provider, outcome (taken, repeated, ignored, unsigned, malformed, busy, too_large, slow,
    compressed, not_json).
    `operations`: kind, state (one of the operation's states, counted when it is entered).
    `calls`: provider, status ("2xx" … "5xx", "lost", "unsent"). `books_seconds`: webhook to books, target 60 s.
    `reconciliations`: outcome (equal, different, failed), one for each location compared.
    """

    def __init__(self) -> None:
        registry = self._registry = CollectorRegistry()
        self.webhooks: Final = Counter(
            "avantto_qbo_webhooks", "Webhook deliveries answered", ["provider", "outcome"], registry=registry
        )
        self.operations: Final = Counter(
            "avantto_qbo_operations", "Operations that entered a state", ["kind", "state"], registry=registry
        )
        self.calls: Final = Counter(
            "avantto_qbo_calls", "Calls to the vendors", ["provider", "status"], registry=registry
        )
        self.call_seconds: Final = Histogram(
            "avantto_qbo_call_seconds", "How long a call took", ["provider"], buckets=_CALL_SECONDS, registry=registry
        )
        self.books_seconds: Final = Histogram(
            "avantto_qbo_books_seconds",
            "From a change's arrival to the books",
            buckets=_BOOKS_SECONDS,
            registry=registry,
        )
        self.metered_reads: Final = Counter(
            "avantto_qbo_metered_reads", "Metered reads at QuickBooks", registry=registry
        )
        self.polls: Final = Counter("avantto_qbo_polls", "Polls that ended", ["poll", "outcome"], registry=registry)
        self.reconciliations: Final = Counter(
            "avantto_qbo_reconciliations", "Locations compared with their books", ["outcome"], registry=registry
        )
        self.refreshes: Final = Counter(
            "avantto_qbo_token_refreshes", "Token refreshes", ["provider", "outcome"], registry=registry
        )
        self.locations: Final = Gauge("avantto_qbo_locations", "Locations by status", ["status"], registry=registry)
        self.open_operations: Final = Gauge(
            "avantto_qbo_open_operations", "Operations that are not finished", ["state"], registry=registry
        )
        self.mail: Final = Gauge("avantto_qbo_mail", "Mail waiting in the inbox", ["topic"], registry=registry)
        self.oldest_mail_seconds: Final = Gauge(
            "avantto_qbo_oldest_mail_seconds", "Age of the oldest due mail", ["lane"], registry=registry
        )
        self.attention: Final = Gauge("avantto_qbo_attention", "Things that need a person", registry=registry)
        self.token_expiry_days: Final = Gauge(
            "avantto_qbo_token_expiry_days",
            "Days until the first connection ends unless renewed or connected again",
            ["provider"],
            registry=registry,
        )
        Info("avantto_qbo_build", "The running release", registry=registry).info({"version": __version__})

    def show_expiry(self, provider: str, days: float) -> None:
        """Show when the first connection with a provider ends; infinity when none does."""
        self.token_expiry_days.labels(provider).set(days)

    def render(self) -> bytes:
        """Return the exposition in Prometheus' text format (`CONTENT_TYPE`)."""
        return generate_latest(self._registry)

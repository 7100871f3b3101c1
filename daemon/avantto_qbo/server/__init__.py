"""The listeners: public (webhooks, OAuth), private (readiness, metrics) and the status API on a unix socket."""

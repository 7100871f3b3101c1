"""The QuickBooks Online edge: requests, answers and faults as values, webhooks, OAuth, and a thin client."""

"""Actors: one per location with a durable mailbox, one per realm with its limits, tokens and cursor."""

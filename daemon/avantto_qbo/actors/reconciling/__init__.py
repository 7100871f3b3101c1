"""Avantto's documents against the books: on command, and every night."""

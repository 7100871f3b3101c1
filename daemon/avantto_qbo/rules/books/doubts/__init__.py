"""What to do when it is not certain what QuickBooks did: look, weigh, send again, wait, or ask a person."""

"""Pure decisions: values in, values out. No I/O, no clock, no randomness; what a person reads is worded here."""

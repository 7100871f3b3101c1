"""The journal: the only SQL. Units of work are plain functions on a connection, given to one writer."""

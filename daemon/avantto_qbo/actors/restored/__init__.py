"""A journal older than the work done with it: noticed at the start, and brought level with the books before writing."""

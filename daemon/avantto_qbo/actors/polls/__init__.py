"""What no webhook said: the change feed and the sweeps of Avantto's lists."""

"""What Avantto shall hold for each of QuickBooks' customers, and who is asked for a review."""

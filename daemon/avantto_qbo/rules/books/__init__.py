"""What the books shall hold for each of Avantto's documents."""

"""What a sale comes to and how it stands in the books: its lines, discount, taxes and number, to the cent."""

"""How one location's documents reach the books: invoices, payments, receipts, refunds and their customers."""

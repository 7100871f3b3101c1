"""Money on invoices: what was received, where it stands, what was taken back, what stays the customer's."""

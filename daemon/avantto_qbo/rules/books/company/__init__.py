"""What a company has in QuickBooks that a document may name: accounts, items, tax codes, classes."""

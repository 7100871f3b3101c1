"""Values: ids, money, Avantto documents, QuickBooks rows and drafts, operations. No I/O, no clocks."""

"""Keep QuickBooks Online right for businesses whose CRM is Avantto."""

__version__ = "0.3.0"

"""How one company's customers reach Avantto: contacts and review requests."""

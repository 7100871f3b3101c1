"""What the listeners ask for: webhooks taken in, locations connected, questions of operators answered."""

"""What stands in the books against what should: whose it is, what a person changed, what differs and why."""

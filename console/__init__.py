"""What people and platforms talk to: the HTTP API."""

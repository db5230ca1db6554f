"""Which uploads have the same bytes, and which look alike."""

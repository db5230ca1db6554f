"""The review queue: one upload at a time, and what is decided about it."""

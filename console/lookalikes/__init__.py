"""Uploads that are the same or look alike, together, and one decision for all of them."""

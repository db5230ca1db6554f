"""Uploads that are erased: what of them is kept where, and how it goes."""

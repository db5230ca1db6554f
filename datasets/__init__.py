"""Data sets with consent and provenance: what there is, what it covers, what it may be used for."""

"""Finds faces made whole by a generator; measured by leaving one generator out."""

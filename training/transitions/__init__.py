"""Trains the head that tells swapped tracks by what trembles between close frames."""

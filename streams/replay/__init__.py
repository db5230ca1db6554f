"""Deciding again: what would change is told first, then new verdicts supersede the old ones."""

"""Reads what a media says of its own origin, out of bytes that somebody may have made to hurt."""

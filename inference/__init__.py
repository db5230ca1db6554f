"""Pixels in, probabilities out."""

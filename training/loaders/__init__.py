"""Turns published checkpoints of others into bundles: `python -m training.loaders`."""

"""`veriscope data`: the registry of data sets on the command line."""

from datasets.cli.commands import app

__all__ = ["app"]

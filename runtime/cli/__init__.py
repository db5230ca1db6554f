"""The `veriscope` command."""

from runtime.cli.main import app, main

__all__ = ["app", "main"]

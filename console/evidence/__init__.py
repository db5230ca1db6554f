"""What stands behind a verdict: the page of an upload, and its crops."""

"""The real servers that integration and contract tests run against, on loopback."""

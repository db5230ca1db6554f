"""What is kept: the ledger of uploads and verdicts, the outbox, and the media store."""

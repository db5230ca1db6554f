"""Who may come in: people, their sessions and tokens, and what was looked at."""

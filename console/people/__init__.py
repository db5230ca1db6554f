"""What administrators do: people, tokens, sessions."""

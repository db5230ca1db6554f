"""What a second bundle would have said, for leads."""

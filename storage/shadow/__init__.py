"""What a second bundle would have said of uploads, kept beside their verdicts."""

"""What is in a file: its kind, and the frames of it that are looked at."""

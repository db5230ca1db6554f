"""What moves: one hop a file, in the order in which an upload passes them."""

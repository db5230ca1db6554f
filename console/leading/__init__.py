"""What leads see and do: figures, known items, who looked at what, and opening again."""

"""What is kept of uploads for how long, and what is removed when its time is over."""

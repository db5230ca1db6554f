"""What people are to look at, what they decided, and the chain that proves it."""

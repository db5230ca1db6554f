"""How models are asked: over Triton or in this process, and what they answer."""

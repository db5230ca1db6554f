"""The detector of blended faces: it learns from real faces and their self-blended twins."""

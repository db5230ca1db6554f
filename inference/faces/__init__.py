"""Who is in it: faces found, followed through frames, and cut out as crops."""

"""Trains the screens: why a crop cannot be judged, whatever a detector says of it."""

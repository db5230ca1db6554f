"""How the detectors were made: may import anything, nothing imports it."""

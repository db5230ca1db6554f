"""How the detector was made: may import anything, nothing imports it."""

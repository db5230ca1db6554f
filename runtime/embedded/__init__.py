"""The parts a single machine needs, started beside Veriscope and ended with it."""

"""What the words of Veriscope mean: standard library only, no clock, randomness or IO."""

"""What the words of Veriscope mean: pure, standard library only, without clock, randomness or IO."""

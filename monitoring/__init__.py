"""What is watched: metrics, logs and health."""

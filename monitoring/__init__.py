"""What is watched: metrics, logs, traces and health."""

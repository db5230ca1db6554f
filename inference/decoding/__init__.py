"""Where hostile files are opened: processes that may do nothing else."""

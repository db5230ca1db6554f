"""`python -m runtime.cli` is `veriscope`."""

from runtime.cli.main import main

main()

"""Where everything is put together: settings, wiring, the command line and the embedded stack."""

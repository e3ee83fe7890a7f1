"""Parts are built and tried on one batch, in this process; nothing is recorded."""

"""Between broker processes and the one process that owns the log."""

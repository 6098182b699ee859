"""A fault at every system call of the log's write path, and what must hold of the log afterwards."""

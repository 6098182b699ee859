"""Whether a log is what its signed checkpoint says, from its database or from its published files."""

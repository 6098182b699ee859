"""A log as files for anyone: exported, served, read, compared with a copy held elsewhere."""

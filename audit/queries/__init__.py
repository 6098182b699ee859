"""Searching a log: by any criteria at once, on one's own side, and never without an entry that says so."""

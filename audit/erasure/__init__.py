"""Taking away what was sealed, and proving what went and that nothing else did."""

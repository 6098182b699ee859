"""Both sides of witnessing, and the evidence where a log was forked."""

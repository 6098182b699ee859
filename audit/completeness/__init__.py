"""An index of who was looked up, committed to by the log per period; proofs that nothing was left out."""

"""A log as its readers see it: entries, receipts and proofs, one by one or in bulk."""

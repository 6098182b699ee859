"""Damage of every kind to a log, wherever it stands, and what the verifiers say of each."""

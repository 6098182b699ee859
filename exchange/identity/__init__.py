"""Who asks: certificates of organisations, participants, signatures, delegations."""

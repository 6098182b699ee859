"""Subscriptions to changes: registers' feeds read once for all, each delivery an exchange of its own."""

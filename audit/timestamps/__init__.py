"""Timestamps of outsiders (RFC 3161) over checkpoints: asked for, kept, handed out."""

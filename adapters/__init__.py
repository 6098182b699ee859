"""The registers: the port that each stands behind, the kinds of adapter, the catalogue."""

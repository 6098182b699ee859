"""Crashes, full disks and failing disks: what was acknowledged stays, what was read left a trace."""

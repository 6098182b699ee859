"""Tests are claims: each docstring is one."""

"""The one owner that writes a log."""

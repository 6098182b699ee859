"""Kind `snapshot`: a register's file downloads, loaded into tables that the kind `sql` reads."""

from adapters.kinds.snapshot.adapter import open_snapshot, planned
from adapters.kinds.snapshot.errors import SnapshotError
from adapters.kinds.snapshot.loading import Load, Report, load_file

__all__ = ["Load", "Report", "SnapshotError", "load_file", "open_snapshot", "planned"]

"""An authority's own copy of its side of the log: kept, and held against everything else that is known."""

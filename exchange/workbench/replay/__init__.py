"""Deciding recorded requests again: by the revisions that decided them, and by one that may come.

    span ─► records ─► held to their entries ─► decided again ─► compared ─► counted
             audit       recorded                 verdict         change       tally

Ranges of the log go to worker processes, which read, open, decide and count; the counts are added up in
the order of the log, so that a report does not depend on how many workers made it.
"""

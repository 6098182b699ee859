"""HTTP as the kinds use it: credentials, bounded answers, statuses as errors of the port."""

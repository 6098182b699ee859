"""Static pages for people: one file each, complete without a network, a server or JavaScript."""

"""The benchmark: one exchange against a bare echo, on one core. Run `make bench`."""

"""What is sealed beside a log, and the keys of it, which can be taken away."""

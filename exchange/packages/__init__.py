"""Once-only packages: the data need of a task, declared once. One TOML file a package lies here."""

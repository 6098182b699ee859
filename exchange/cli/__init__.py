"""The command line: `hjemmel`."""

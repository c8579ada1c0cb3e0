"""The `lab` command: one file per command, each parses and prints; the work is done below."""

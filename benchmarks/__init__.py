"""Paired measurements: both sides run in turn inside one run, and what counts is their ratio."""

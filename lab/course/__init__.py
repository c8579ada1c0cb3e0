"""Exercises, progress, and the making of notebooks."""

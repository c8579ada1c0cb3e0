"""Backup and restore: what the lab's services keep, in one checked file that is independent of the place and of Chroma's version."""

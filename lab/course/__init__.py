"""Exercises, progress, and the making of notebooks."""

from lab.course.checks import check, hint, solution
from lab.course.figure import show

__all__ = ["check", "hint", "show", "solution"]

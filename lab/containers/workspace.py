"""Where a lesson keeps its files."""

from pathlib import Path

from lab.containers.leftovers import labels
from lab.settings import get_settings


def workspace(lesson: str) -> Path:
    """The lesson's folder in the lab's state folder, made when it is missing. Example: `workspace("02")`.

    The sandbox engine of the Compose lab sees it under the same path, so that a container can mount what lies in it.
    """
    folder = get_settings().lab_home / "work" / labels(lesson)["lab.lesson"]
    folder.mkdir(parents=True, exist_ok=True)
    return folder

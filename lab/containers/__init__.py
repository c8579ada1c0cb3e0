"""Small Docker helpers for lessons. What they leave to the lesson is the docker SDK itself."""

from lab.containers.container import address, health
from lab.containers.engine import lab_engine, require_engine
from lab.containers.image import need_image
from lab.containers.leftovers import clear, labels
from lab.containers.waiting import wait_until
from lab.containers.workspace import workspace

__all__ = ["address", "clear", "health", "lab_engine", "labels", "need_image", "require_engine", "wait_until", "workspace"]

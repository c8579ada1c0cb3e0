"""An engine in memory: it knows labels, names and removal, and nothing else."""

from types import SimpleNamespace

import docker
import pytest
from docker.errors import NotFound


class Things:
    """Containers, networks, volumes or images; what the SDK calls a collection."""

    def __init__(self):
        self.all = []

    def add(self, name, removed=None, **labels):
        thing = SimpleNamespace(id=f"id-{name}", name=name, tags=[name], short_id=name[:2], labels=labels)
        thing.remove = removed or (lambda **options: self.all.remove(thing))
        self.all.append(thing)
        return thing

    def list(self, filters, **options):
        wanted = dict(label.split("=", 1) for label in filters["label"])
        return [thing for thing in self.all if wanted.items() <= thing.labels.items()]

    def get(self, name):
        for thing in self.all:
            if thing.name == name:
                return thing
        raise NotFound(f"No such container: {name}")

    def remove(self, id, force):
        next(thing for thing in self.all if thing.id == id).remove(force=force)


@pytest.fixture
def engine(monkeypatch):
    made = SimpleNamespace(containers=Things(), networks=Things(), volumes=Things(), images=Things())
    monkeypatch.setattr(docker, "from_env", lambda **options: made)
    return made

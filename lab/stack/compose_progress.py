"""Turns what Compose tells while it works into lines for people, and keeps what an error will need."""

import base64
import re
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from lab.settings import Settings
from lab.stack.docker_engine import connect
from lab.stack.progress import DONE, View
from lab.stack.services import PUBLISHED

QUOTED = 8  # lines of a build's or a container's output in an error
TITLES = {service.name: service.title for service in PUBLISHED} | {
    "model-pull": "models",
    "ingest": "documents",
    "sandbox": "sandbox engine",
    "handover": "images for lessons",
    "docker-proxy": "Docker proxy",
    "redis": "Redis",
    "worker": "worker",
    "exporter": "exporter",
}
WORK = {"model-pull": "fetching", "ingest": "reading", "handover": "copying"}  # what a one-shot does while it runs
# Compose's word for a container -> ours.
CONTAINER = {
    "Recreate": "making anew",
    "Created": "created",
    "Started": "starting",
    "Healthy": "ready",
    "Running": "running",
    "Exited": "ready",  # a one-shot that ended well
    "Error": "failed",
    "Stopping": "stopping",
    "Removed": "removed",
}
STEP = re.compile(r"\[([\w.-]+)(?: [\w.-]+)? +(\d+)/(\d+)\]")  # BuildKit's name of a step: [api build 3/9] RUN ...
PERCENT = re.compile(r"(\d{1,3})%")


class Watch:
    """Receives Compose's events and shows them."""

    def __init__(self, settings: Settings, view: View):
        self.settings, self.view = settings, view
        self.code = 1
        self.said: deque[str] = deque(maxlen=QUOTED)  # remarks and errors of Compose
        self.output: deque[str] = deque(maxlen=QUOTED)  # of the steps of a build
        self.touched: set[str] = set()  # services whose containers this call made or started
        self._layers: dict[str, dict[str, tuple[int, int]]] = {}
        self._ready: set[str] = set()
        self._building: set[str] = set()
        self._name = re.compile(rf"Container (?:[0-9a-f]+_)?{re.escape(settings.compose_project_name)}-(.+)-\d+$")

    def take(self, events: Iterator[dict[str, Any]]) -> int:
        """Shows all events; returns Compose's exit code."""
        for event in events:
            self._one(event)
        return self.code

    def _one(self, event: dict[str, Any]) -> None:
        if "code" in event:
            self.code = int(event["code"])
        elif "vertexes" in event or "logs" in event:
            self._build(event)
        elif event.get("error"):
            self.said.append(str(event.get("message", "")).strip())
        elif "remark" in event:
            self.said.extend([event["remark"]] if event["remark"].strip() else [])
        else:
            self._object(str(event.get("id", "")), event)

    def _object(self, name: str, event: dict[str, Any]) -> None:
        words = {event.get("status"), event.get("text")}
        if found := self._name.match(name):
            self._container(found[1], next((CONTAINER[word] for word in words if word in CONTAINER), ""))
        elif event.get("parent_id"):
            self._layer(str(event["parent_id"]), name, event)
        elif words & {"Pulling", "Pulled"}:
            self.view.show(f"image of {TITLES.get(name, name)}", "ready" if "Pulled" in words else "fetching")
        elif "Built" in words:  # told of images; two services may share one, and their steps were told of services
            self._building.add(name.removeprefix(f"{self.settings.compose_project_name}-"))
            self._built()

    def _built(self) -> None:
        for image in sorted(self._building):
            self.view.show(f"image {image}", "ready")
        self._building.clear()

    def _container(self, service: str, text: str) -> None:
        """Compose tells of a healthy container again for each one that waits for it: its line stays ended."""
        if not text or (service in self._ready and text in ("starting", *DONE)):
            return
        self._ready |= {service} if text in DONE else set()
        if text == "starting":
            self.touched.add(service)
            text = WORK.get(service, text)
            if service == "model-pull":
                threading.Thread(target=self._follow_pull, daemon=True).start()
        self.view.show(TITLES.get(service, service), text)

    def _layer(self, image: str, layer: str, event: dict[str, Any]) -> None:
        """An image is fetched in layers, several at once: its part is the sum of theirs."""
        subject = f"image of {TITLES.get(image, image)}"
        if event.get("total") and event.get("text") == "Downloading":
            layers = self._layers.setdefault(image, {})
            layers[layer] = (int(event.get("current", 0)), int(event["total"]))
            now, whole = (sum(column) for column in zip(*layers.values(), strict=True))
            self.view.show(subject, "fetching", now / whole)

    def _build(self, event: dict[str, Any]) -> None:
        for vertex in event.get("vertexes") or []:
            if step := STEP.match(vertex.get("name", "")):
                self._building.add(step[1])
                self.view.show(f"image {step[1]}", "building", int(step[2]) / int(step[3]))
            if vertex.get("error"):
                self.said.append(f"{vertex.get('name', '')}: {vertex['error']}")
        for log in event.get("logs") or []:
            with suppress(ValueError):
                self.output.extend(base64.b64decode(log.get("data", "")).decode("utf-8", "replace").splitlines())

    def _follow_pull(self) -> None:
        """The percentages that `ollama pull` writes; without them the line only stands still."""
        from docker.errors import DockerException

        with suppress(DockerException, OSError):
            client = connect(self.settings)
            container = client.containers.get(f"{self.settings.compose_project_name}-model-pull-1")
            for piece in container.logs(stream=True, follow=True, tail=0):
                found = PERCENT.findall(piece.decode("utf-8", "replace"))
                if found and "model-pull" not in self._ready:
                    self.view.show(TITLES["model-pull"], WORK["model-pull"], min(int(found[-1]), 99) / 100)
            client.close()

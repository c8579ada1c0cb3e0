"""What the files of deploy/ and compose.yaml say, read as data."""

import re
from typing import Any

import yaml

from lab.settings import ROOT

FOLDER = ROOT / "deploy" / "kubernetes"
Object = dict[str, Any]


def filled(value: Any) -> Any:
    """A value of compose.yaml with each variable's default in its place, and `$$` as the container sees it."""
    if isinstance(value, dict):
        return {key: filled(one) for key, one in value.items()}
    if isinstance(value, list):
        return [filled(one) for one in value]
    if not isinstance(value, str):
        return value
    return re.sub(r"(?<!\$)\$\{\w+(?::?[-?]([^}]*))?\}", lambda found: found[1] or "", value).replace("$$", "$")


COMPOSE: dict[str, Object] = filled(yaml.safe_load((ROOT / "compose.yaml").read_text("utf-8"))["services"])
STACK: dict[str, Object] = filled(yaml.safe_load((ROOT / "deploy" / "swarm" / "stack.yaml").read_text("utf-8"))["services"])
# what belongs to one machine: JupyterLab, its sandbox, what gives it a look at the engine, and monitoring
ONE_MACHINE = {"jupyter", "sandbox", "handover", "docker-proxy", "exporter", "prometheus", "grafana"}
EXAMPLE = "secret.example.yaml"  # shown, not applied


def objects(*files: str) -> list[Object]:
    """All Kubernetes objects of the files; without names, of all that the kustomization lists and of the example."""
    listed = yaml.safe_load((FOLDER / "kustomization.yaml").read_text("utf-8"))["resources"]
    texts = [(FOLDER / name).read_text("utf-8") for name in files or (*listed, EXAMPLE)]
    return [one for text in texts for one in yaml.safe_load_all(text)]


def kind(*kinds: str) -> dict[str, Object]:
    """Name and object of each of these kinds."""
    return {one["metadata"]["name"]: one for one in objects() if one["kind"] in kinds}


def workloads() -> dict[str, Object]:
    """Name and pod template of everything that runs containers."""
    return {name: one["spec"]["template"] for name, one in kind("Deployment", "StatefulSet", "Job").items()}


def container(name: str) -> Object:
    """The one container of a workload."""
    only: Object
    (only,) = workloads()[name]["spec"]["containers"]
    return only


def listed(value: Any) -> list[str]:
    """A command, which Compose also takes as one word."""
    return [value] if isinstance(value, str) else list(value or [])

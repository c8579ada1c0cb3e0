"""Stand-ins for what the Docker SDK hands out: only what the lab reads of it."""

from types import SimpleNamespace
from typing import Any
from unittest.mock import Mock

SERVICE = "com.docker.compose.service"


def container(service: str, status: str = "running", health: str = "", code: int = 0, log: str = "", **more: Any) -> SimpleNamespace:
    """A container of the lab as the SDK shows it; `more` goes into its state, `ports` are published."""
    published = {f"{port}/tcp": [{"HostPort": str(port)}] for port in more.pop("ports", ())}
    devices = more.pop("devices", None)
    started = "2026-11-21T09:00:00.123456789Z"
    state = {"Running": status == "running", "ExitCode": code, "StartedAt": started, **({"Health": {"Status": health}} if health else {})}
    return SimpleNamespace(
        name=f"slipway-{service}-1",
        status=status,
        labels={SERVICE: service},
        attrs={"State": {**state, **more}, "HostConfig": {"PortBindings": published, "DeviceRequests": devices}},
        logs=lambda **_: log.encode(),
        stop=Mock(),
    )

"""What `lab up` does to containers before Compose sees them."""

import pytest

from lab.stack.compose_lab import scales, stop_failing
from lab.stack.progress import Silent
from tests.unit.stack.fake_docker import container

LATER = "2026-11-21T10:00:00.0Z"


def stopped(*parts):
    by_name = {part.labels["com.docker.compose.service"]: part for part in parts}
    stop_failing(by_name, Silent())
    return [name for name, part in by_name.items() if part.stop.called]


@pytest.mark.parametrize(
    "failing",
    [container("jupyter", "restarting", health="unhealthy"), container("jupyter", "restarting"), container("jupyter", health="unhealthy")],
    ids=["crashes, unhealthy", "crashes", "unhealthy"],
)
def test_what_fails_is_stopped_to_be_started_anew(failing):
    assert stopped(container("chroma", health="healthy"), failing) == ["jupyter"]


@pytest.mark.parametrize("state", [{"health": "healthy"}, {"health": "starting"}, {}, {"status": "exited", "code": 137}])
def test_what_runs_well_starts_or_has_ended_is_left_to_compose(state):
    assert stopped(container("jupyter", **state)) == []


def test_a_sandbox_in_an_old_network_is_stopped():
    assert stopped(container("sandbox"), container("jupyter", health="healthy", StartedAt=LATER)) == ["sandbox"]


def test_a_scaled_service_stays_so():
    parts = {"api": container("api"), "worker": container("worker"), "worker-2": container("worker"), "worker-3": container("worker")}
    assert scales(parts) == ["--scale", "worker=3"]
    assert scales({}) == []

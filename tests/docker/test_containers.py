"""lab.containers on a real engine: what a lesson made goes, and nothing else."""

import io

import pytest
from docker.errors import NotFound

from lab.containers import address, clear, health, labels, require_engine, wait_until
from lab.errors import EngineError
from lab.settings import get_settings

LESSON = "98z"  # no lesson of the course
OURS = labels(LESSON)
THEIRS = labels("98y")


@pytest.fixture
def image():
    return get_settings().debian_image


@pytest.fixture(autouse=True)
def nothing_left(engine):
    yield
    clear("98y")  # first: it may use what is ours
    clear(LESSON)


def dockerfile(label):
    return io.BytesIO(f"FROM scratch\nLABEL lab.lesson={label['lab.lesson']}\nENV PATH=/bin\n".encode())


def make(engine, image, label, name):
    """One of each kind, a container and a network in use included."""
    network = engine.networks.create(f"{name}-network", labels=label)
    volume = engine.volumes.create(f"{name}-volume", labels=label)
    built, _ = engine.images.build(fileobj=dockerfile(label), tag=f"{name}-image", rm=True)
    container = engine.containers.run(
        image,
        ["sleep", "60"],
        name=name,
        detach=True,
        init=True,
        labels=label,
        network=network.name,
        volumes={volume.name: {"bind": "/data", "mode": "rw"}},
    )
    return (engine.containers, container.id), (engine.networks, network.id), (engine.volumes, volume.id), (engine.images, built.id)


def is_there(kind, id):
    try:
        return bool(kind.get(id))
    except NotFound:
        return False


def test_everything_of_the_lesson_goes_and_nothing_else(engine, image):
    mine, theirs = make(engine, image, OURS, "lab-98z"), make(engine, image, THEIRS, "lab-98y")
    clear(LESSON)
    assert [is_there(*thing) for thing in mine] == [False] * 4
    assert [is_there(*thing) for thing in theirs] == [True] * 4


def test_clearing_twice_says_the_same(engine):
    engine.volumes.create("lab-98z-volume", labels=OURS)
    assert clear(LESSON) == clear(LESSON)


def test_a_container_of_the_same_name_that_is_not_ours_stays_and_is_told(engine, image):
    theirs = engine.containers.create(image, "true", name="lab-98-server", labels=THEIRS)
    with pytest.raises(EngineError, match="already a container called lab-98-server"):
        clear(LESSON, "lab-98-server")
    assert is_there(engine.containers, theirs.id)


def test_a_volume_that_somebody_else_uses_stays_and_is_told(engine, image):
    volume = engine.volumes.create("lab-98z-shared", labels=OURS)
    engine.containers.create(image, "true", labels=THEIRS, volumes={volume.name: {"bind": "/data", "mode": "rw"}})
    with pytest.raises(EngineError, match=r"the volume lab-98z-shared: .*volume is in use"):
        clear(LESSON)
    assert is_there(engine.volumes, volume.id)


def test_an_image_with_two_names_goes_with_both(engine):
    built, _ = engine.images.build(fileobj=dockerfile(OURS), tag="lab-98z-one", rm=True)
    built.tag("lab-98z-two")
    clear(LESSON)
    assert not engine.images.list(filters={"reference": "lab-98z-*"})


def test_this_engine_is_of_use(engine):
    assert require_engine() is None


def test_a_published_port_is_found_and_an_ended_container_is_told(engine, image):
    container = engine.containers.run(image, ["sleep", "60"], detach=True, init=True, labels=OURS, ports={"80/tcp": ("127.0.0.1", None)})
    assert address(container, "80/tcp").startswith("http://127.0.0.1:")
    container.stop(timeout=1)
    with pytest.raises(EngineError, match="is exited"):
        address(container, "80/tcp")


def test_health_follows_the_healthcheck(engine, image):
    check = {"test": ["CMD", "test", "-e", "/tmp/ready"], "interval": 100_000_000, "retries": 1}
    container = engine.containers.run(image, ["sleep", "60"], detach=True, init=True, labels=OURS, healthcheck=check)
    wait_until(lambda: health(container) == "unhealthy", "a failing check", seconds=10)
    container.exec_run(["touch", "/tmp/ready"])
    assert wait_until(lambda: health(container) == "healthy", "a passing check", seconds=10)

"""The stack on a real Swarm: updates under load, a broken version, a copy that dies."""

from benchmarks.cluster import API, Cluster
from lab.containers.waiting import wait_until
from lab.course.closed_load import Load

QUESTION = "Who won the football match in Oslo?"  # embedded, searched for, and refused: real work, and a quick answer


def load(swarm: Cluster) -> Load:
    return Load(lambda: str(swarm.ask(query=QUESTION).json()["state"]), clients=3, seconds=150)


def test_an_update_to_another_version_loses_no_request(swarm: Cluster) -> None:
    with load(swarm) as sent:
        swarm.deploy("2")
        wait_until(lambda: swarm.update_state() == "completed" and swarm.runs("api", f"{API}:2", 2), "the update", 150)
    assert sent.failed == 0, sent.counts()
    assert len(sent.outcomes) > 50


def test_a_broken_version_is_taken_back_and_no_request_is_lost(swarm: Cluster) -> None:
    before = swarm.tasks("api")[0]["image"]
    with load(swarm) as sent:
        swarm.deploy("broken")
        wait_until(lambda: swarm.update_state() == "rollback_completed" and swarm.runs("api", before, 2), "the way back", 150)
    assert sent.failed == 0, sent.counts()

"""One swarm for all tests of this folder, in a container: the engine that runs the tests joins none."""

from collections.abc import Iterator
from typing import Any

import pytest

from benchmarks.cluster import API, Cluster, cluster
from lab.containers.waiting import wait_until

COPIES = 2


@pytest.fixture(scope="session")
def swarm(engine: Any) -> Iterator[Cluster]:
    """The stack, ready to answer from its index."""
    with cluster() as made:
        made.deploy("1")
        wait_until(lambda: made.runs("api", f"{API}:1", COPIES), "two copies of the API that are ready", 300)
        wait_until(lambda: made.ask(query="How do I keep models in a volume?").json()["sources"], "an answer from the index", 240)
        yield made

"""A Prometheus of the lesson's own, apart from the lab's: `server = own_prometheus.start("09", targets)`, then `server.url`.

It ends with the notebook's kernel, however that ends, and what it collected goes with it.
"""

from collections.abc import Mapping

from lab.course.own_server import OwnServers
from lab.prometheus_server import PrometheusServer
from lab.settings import get_settings

_servers: OwnServers[PrometheusServer] = OwnServers("prometheus")


def start(lesson: str, targets: Mapping[str, str], every: str = "1s", patience: str = "2s") -> PrometheusServer:
    """A Prometheus on a free port of this machine, which scrapes `targets` (address by job) and knows the lab's rules.

    A second call gives a new one. Alerts fire after `patience`: a lesson cannot wait for minutes.
    Raises ServiceError, with what to install, where there is no Prometheus.
    """
    program = get_settings().prometheus_program
    return _servers.start(lesson, lambda folder: PrometheusServer(folder, targets, program=program, every=every, patience=patience))


def stop(lesson: str) -> None:
    """Stops the lesson's Prometheus and removes its data; nothing happens when none runs."""
    _servers.stop(lesson)

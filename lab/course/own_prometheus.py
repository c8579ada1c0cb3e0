"""A Prometheus of the lesson's own, apart from the lab's: `server = own_prometheus.start("09", targets)`, then `server.url`.

It ends with the notebook's kernel, however that ends, and what it collected goes with it.
"""

import atexit
import os
import shutil
from collections.abc import Mapping

from lab.containers import workspace
from lab.course.remains import remove_remains
from lab.prometheus_server import PrometheusServer
from lab.settings import get_settings

_running: dict[str, PrometheusServer] = {}


def start(lesson: str, targets: Mapping[str, str], every: str = "1s", patience: str = "2s") -> PrometheusServer:
    """A Prometheus on a free port of this machine, which scrapes `targets` (address by job) and knows the lab's rules.

    A second call gives a new one. Alerts fire after `patience`: a lesson cannot wait for minutes.
    Raises ServiceError, with what to install, where there is no Prometheus.
    """
    stop(lesson)
    remove_remains(workspace(lesson), "prometheus-")
    folder = workspace(lesson) / f"prometheus-{os.getpid()}"
    program = get_settings().prometheus_program
    _running[lesson] = PrometheusServer(folder, targets, program=program, every=every, patience=patience).start()
    return _running[lesson]


def stop(lesson: str) -> None:
    """Stops the lesson's Prometheus and removes its data; nothing happens when none runs."""
    server = _running.pop(lesson, None)
    if server:
        server.stop()
        shutil.rmtree(server.folder, ignore_errors=True)


@atexit.register
def _stop_all() -> None:
    for lesson in list(_running):
        stop(lesson)

"""Starts services side by side and waits until each answers by itself."""

import threading
import time
from collections.abc import Collection, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from types import TracebackType
from urllib.parse import urlsplit

from lab.addresses import THIS_MACHINE
from lab.errors import ServiceError, SettingError
from lab.settings import Place, Settings
from lab.stack.ports import require_free
from lab.stack.process import POLL, find, leftovers, start, stop, tail
from lab.stack.progress import View
from lab.stack.services import NAMES, Service, environment, fingerprint
from lab.stack.state import State, write_state

QUOTED = 8  # lines of a log in an error
HUNG = 3.0  # seconds for a process that does not answer: it does not end by itself either


class Starter:
    """One run of `lab up`: what it starts, what it still waits for, what failed."""

    def __init__(self, settings: Settings, place: Place, state: State, view: View):
        self.settings, self.place, self.state, self.view = settings, place, state, view
        self.log_starts: dict[str, int] = {}  # for each service that this run started: where its part of the log begins
        self.waiting: list[Service] = []
        self.failures: dict[str, str] = {}
        self._pool = ThreadPoolExecutor(1)
        self._watcher: Future[None] = Future()
        self._cancelled = threading.Event()

    def __enter__(self) -> "Starter":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Ends the watch; Ctrl-C also stops what this run started."""
        self._cancelled.set()
        self._pool.shutdown()
        if isinstance(error, KeyboardInterrupt):
            self._undo()

    def start(self, services: Iterable[Service]) -> None:
        """Starts those that are not running, and watches them from a thread. Raises LabError before anything is started."""
        missing = [service for service in services if not self._usable(service)]
        for service in missing:
            self._require_startable(service)
        write_state(self.settings.lab_home, self.state)
        for service in missing:
            self._start(service)
        self.waiting = missing
        self._watcher = self._pool.submit(self._watch)

    def wait(self, names: Collection[str] = NAMES) -> None:
        """Returns when these answer, or raises ServiceError about all that did not come up."""
        while not self._watcher.done() and any(service.name in names for service in self.waiting):
            time.sleep(POLL)
        if self.failures or self._watcher.done():
            self._watcher.result()  # the others too: one report about all; and an error of the watch itself appears here
        if self.failures:
            hint = f"`lab logs {next(iter(self.failures))}` shows more. What did start keeps running; `lab up` tries the rest again."
            raise ServiceError("\n".join(self.failures.values()), hint)

    def _usable(self, service: Service) -> bool:
        """True when it runs with these settings and answers; one that does not is stopped, to be started anew."""
        record = self.state.services.get(service.name)
        process = find(record)
        if record is None or process is None:
            return False
        same = record.fingerprint == fingerprint(service, self.settings, self.place)
        if same and service.answer(self.settings, timeout=3) and service.serves(process, self.settings):
            self.view.show(service.title, "running")
            return True
        self.view.show(service.title, "restarting")
        stop([process], grace=HUNG if same else service.grace(self.settings))
        return False

    def _require_startable(self, service: Service) -> None:
        url = service.url(self.settings)
        if not service.address:
            return
        if urlsplit(url).hostname not in THIS_MACHINE:
            what = f"{service.title} is set to {url}, and the lab can start it on this machine only."
            raise SettingError(what, f"Remove {service.address.upper()} from .env and from the environment.")
        require_free(service, self.settings)
        service.command_line(self.settings, self.place)  # a program that is missing is told before the first service is started

    def _start(self, service: Service) -> None:
        log = self._log(service)
        command = service.command_line(self.settings, self.place)
        env = environment(service, self.settings, self.place)
        if service.prepare:
            service.prepare(self.settings)
        self.view.show(service.title, "starting")
        self.log_starts[service.name] = log.stat().st_size if log.exists() else 0
        self.state.services[service.name] = start(command, env, log, fingerprint(service, self.settings, self.place))
        write_state(self.settings.lab_home, self.state)  # at once: whatever happens next, `lab down` finds it

    def _watch(self) -> None:
        deadline = time.monotonic() + self.settings.start_timeout
        while self.waiting and not self._cancelled.is_set():
            self.waiting = [service for service in self.waiting if not self._settled(service, time.monotonic() > deadline)]
            time.sleep(POLL)

    def _settled(self, service: Service, late: bool) -> bool:
        """True when the service answers, or when it is clear that it will not."""
        process = find(self.state.services[service.name])
        if process and service.serves(process, self.settings) and service.answer(self.settings):
            self.view.show(service.title, "ready")
            return True
        if process and not late:
            return False
        late_reason = f"did not answer{_at(service.url(self.settings))} within {self.settings.start_timeout:g} s"
        self._fail(service, late_reason if process else "ended")
        return True

    def _fail(self, service: Service, reason: str) -> None:
        lines = tail(self._log(service), QUOTED, self.log_starts[service.name]) or ["(empty)"]
        quoted = "\n".join(f"  {line}" for line in lines)
        self.failures[service.name] = f"{service.title} {reason} during its start. The last lines of its log:\n{quoted}"
        self.view.show(service.title, "failed")

    def _undo(self) -> None:
        """Stops what this run started, also a process whose record was not written yet."""
        home = self.settings.lab_home
        for name in self.log_starts:
            self.state.services.pop(name, None)
        kept = [process for record in self.state.services.values() if (process := find(record))]
        stop(leftovers(home, kept))
        write_state(home, self.state)

    def _log(self, service: Service) -> Path:
        return self.settings.lab_home / "logs" / f"{service.name}.log"


def _at(url: str) -> str:
    return f" at {url}" if url else ""

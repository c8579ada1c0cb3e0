"""Processes of the lab: started detached, recognised for certain, stopped with everything they started.

A process is known by its id and its creation time together, because ids are used again; and by two variables in its
environment (LAB_HOME and LAB_SERVICE), which find it even when the state file was lost. What a learner starts from
JupyterLab inherits these variables: there only the server and its kernels count as the lab's.
"""

import os
import re
import subprocess
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

from lab.settings import ROOT

LARGE_LOG = 5_000_000  # bytes; a larger log is set aside at the next start
GRACE = 10.0  # seconds to end by itself before it is killed
POLL = 0.05  # seconds between two looks at something that is awaited
# How the server and its kernels are called; the file of a kernel's connection is named the same in every language.
JUPYTER = re.compile(r"jupyter_server_config\.py|kernel-[0-9a-f-]{36}\.json")
_children: list[subprocess.Popen[bytes]] = []  # kept so that children of this process are reaped, and Python does not warn about them


@dataclass(frozen=True)
class Record:
    """What identifies a service's process later."""

    pid: int
    created: float  # seconds since 1970, as the system tells it
    started_at: float  # seconds since 1970, when the lab started it
    fingerprint: str  # what it was started with


def start(command: list[str], env: dict[str, str], log: Path, fingerprint: str) -> Record:
    """Starts a process in a session of its own, so that neither Ctrl-C nor a closed terminal reaches it. Raises OSError."""
    log.parent.mkdir(parents=True, exist_ok=True)
    if log.exists() and log.stat().st_size > LARGE_LOG:
        log.replace(log.with_suffix(".log.1"))
    with log.open("ab") as output:
        output.write(f"--- started at {time.strftime('%Y-%m-%d %H:%M:%S')}\n".encode())
        output.flush()
        child = subprocess.Popen(command, cwd=ROOT, env=env, stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True)
    _children.append(child)
    return Record(child.pid, _created(child.pid), time.time(), fingerprint)


def _created(pid: int) -> float:
    try:
        return float(psutil.Process(pid).create_time())
    except psutil.NoSuchProcess:
        return time.time()  # it ended at once; nothing will match it


def find(record: Record | None) -> psutil.Process | None:
    """The process of a record, or None when it has ended or its id now belongs to another."""
    if record is None:
        return None
    with suppress(psutil.NoSuchProcess):
        process = psutil.Process(record.pid)
        return process if abs(process.create_time() - record.created) < 2 and alive(process) else None
    return None


def family(process: psutil.Process) -> list[psutil.Process]:
    """A process and all its descendants."""
    with suppress(psutil.NoSuchProcess):
        return [process, *process.children(recursive=True)]
    return [process]


def listens(process: psutil.Process, port: int) -> bool:
    """True when the process, or one it started, listens on the port: an answer there is then really its own."""
    for member in family(process):
        with suppress(psutil.Error):
            if any(c.status == psutil.CONN_LISTEN and c.laddr.port == port for c in member.net_connections("tcp")):
                return True
    return False


def alive(process: psutil.Process) -> bool:
    """True while it runs; a zombie, which only waits for its parent to take note, does not."""
    with suppress(psutil.Error):
        return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)
    return False


def stop(processes: Iterable[psutil.Process], grace: float = GRACE) -> list[psutil.Process]:
    """Asks the processes to end, waits, then kills what is left of them and of their descendants. Returns those it had to kill."""
    roots = list(processes)
    members = {member for root in roots for member in family(root)}
    slow = _end(roots, psutil.Process.terminate, grace)
    orphans = [member for member in members if alive(member) and member not in slow]
    stubborn = {*slow, *_end(orphans, psutil.Process.terminate, min(grace, 3))}
    stubborn |= {member for process in stubborn for member in family(process)}
    _end(stubborn, psutil.Process.kill, 5)
    return list(stubborn)


def _end(processes: Iterable[psutil.Process], send: Callable[[psutil.Process], None], timeout: float) -> list[psutil.Process]:
    """Sends a signal to all, and returns those that still run when the time is up."""
    left = list(processes)
    for process in left:
        with suppress(psutil.NoSuchProcess):
            send(process)
    deadline = time.monotonic() + timeout
    while (left := [process for process in left if alive(process)]) and time.monotonic() < deadline:
        time.sleep(POLL)
    _children[:] = [child for child in _children if child.poll() is None]  # reaps those that this process started
    return left


def leftovers(home: Path, known: Iterable[psutil.Process]) -> list[psutil.Process]:
    """Processes that this lab once started and that no known one contains; never the caller or its parents."""
    this = psutil.Process()
    ours = {this, *this.parents(), *(member for root in known for member in family(root))}
    return [process for process in psutil.process_iter() if process not in ours and _marked(process, home)]


def _marked(process: psutil.Process, home: Path) -> bool:
    with suppress(psutil.Error, OSError):
        env = process.environ()
        if "LAB_SERVICE" not in env or env.get("LAB_HOME") != str(home):
            return False
        learners = env["LAB_SERVICE"] == "jupyter" and not JUPYTER.search(" ".join(process.cmdline()))
        return not learners and alive(process)
    return False


def tail(log: Path, lines: int, start: int = 0) -> list[str]:
    """The last lines of a log, from byte `start` on; a missing log is empty."""
    try:
        with log.open("rb") as file:
            file.seek(max(start, file.seek(0, os.SEEK_END) - 400 * lines))
            return file.read().decode("utf-8", "replace").splitlines()[-lines:]
    except OSError:
        return []

"""A process that ends with the one that started it, in whichever way that ends: what a lesson starts outlives no kernel."""

import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

import psutil

# The shell waits for the end of its input, which comes when the caller closes the pipe, or ends; then the process ends too.
TIED = '"$@" >>"$LOG" 2>&1 & echo $!; read -r _; kill $! 2>/dev/null; wait'
PATIENCE = 10  # seconds in which a process that was asked to end has to


class Tied:
    """One process in a session of its own: what interrupts the caller does not reach it."""

    def __init__(self, command: Sequence[str], log: Path, env: Mapping[str, str] | None = None, cwd: Path | None = None):
        own = {**(env or os.environ), "LOG": str(log)}
        pipe = subprocess.PIPE
        words = ["sh", "-c", TIED, "sh", *command]
        self._shell = subprocess.Popen(words, stdin=pipe, stdout=pipe, text=True, env=own, cwd=cwd, start_new_session=True)
        assert self._shell.stdout
        self.pid = int(self._shell.stdout.readline())
        self.log = log

    @property
    def runs(self) -> bool:
        """False once it has ended, in whichever way; its shell then still waits for the caller."""
        with suppress(psutil.Error):
            return self._shell.poll() is None and psutil.Process(self.pid).status() != psutil.STATUS_ZOMBIE
        return False

    def stop(self, seconds: float = PATIENCE) -> None:
        """Ask it to end, and wait until it and its shell have. A second call does nothing. After `seconds` it is ended."""
        for pipe in (self._shell.stdin, self._shell.stdout):
            if pipe:
                pipe.close()
        try:
            self._shell.wait(timeout=seconds)
        except subprocess.TimeoutExpired:
            self.kill()

    def kill(self) -> None:
        """End it and all that it started as a crash would: `kill -9`."""
        if self._shell.poll() is None:
            os.killpg(self._shell.pid, signal.SIGKILL)
            self._shell.wait(timeout=PATIENCE)

"""Labs of their own, driven through the `lab` command as people do, with everything real."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import pytest

LAB = str(Path(sys.executable).with_name("lab"))


@dataclass
class Lab:
    """A state folder with its ports, and the command that works on it."""

    home: Path
    env: dict[str, str]

    def run(self, *words: str, **more: str) -> subprocess.CompletedProcess[str]:
        """Runs `lab ...` to its end."""
        return subprocess.run([LAB, *words], env={**self.env, **more}, capture_output=True, text=True, timeout=200)

    def python(self, code: str) -> subprocess.CompletedProcess[str]:
        """Runs Python in this lab's environment."""
        return subprocess.run([sys.executable, "-c", code], env=self.env, capture_output=True, text=True, timeout=200)

    def up_quickly(self, *services: str) -> subprocess.CompletedProcess[str]:
        """Starts some services only, without documents: for what does not depend on the rest."""
        code = "import sys; from lab.stack.lifecycle import up; up(services=sys.argv[1:], ingest=False)"
        done = subprocess.run([sys.executable, "-c", code, *services], env=self.env, capture_output=True, text=True, timeout=200)
        assert done.returncode == 0, done.stderr
        return done

    def begin(self, *words: str) -> subprocess.Popen[str]:
        """Starts `lab ...`."""
        return subprocess.Popen([LAB, *words], env=self.env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def up(self, **more: str) -> subprocess.CompletedProcess[str]:
        """`lab up`, which must succeed."""
        done = self.run("up", **more)
        assert done.returncode == 0, done.stderr
        return done

    def status(self, **more: str) -> dict[str, Any]:
        """What `lab status --json` tells."""
        return json.loads(self.run("status", "--json", **more).stdout)

    def states(self) -> dict[str, str]:
        """State by service."""
        return {service["name"]: service["state"] for service in self.status()["services"]}

    def pids(self) -> dict[str, int]:
        """Process ids by service, as the lab remembers them."""
        services = json.loads((self.home / "lab.json").read_text())["services"]
        return {name: record["pid"] for name, record in services.items()}

    def sessions(self) -> list[int]:
        """The sessions of its processes: each service has one of its own, named for its first process."""
        return sorted({os.getsid(process.pid) for process in self.processes()})

    def processes(self) -> list[psutil.Process]:
        """Every living process that carries this state folder in its environment or its command."""
        return [process for process in psutil.process_iter() if self._owns(process)]

    def _owns(self, process: psutil.Process) -> bool:
        with suppress(psutil.Error):
            if process.pid == os.getpid() or process.status() == psutil.STATUS_ZOMBIE:
                return False
            return process.environ().get("LAB_HOME") == str(self.home) or any(str(self.home) in word for word in process.cmdline())
        return False


@pytest.fixture(scope="session")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One folder of models for all labs here: each start after the first finds them."""
    return tmp_path_factory.mktemp("models")


@pytest.fixture(scope="session")
def documents(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A corpus of one document."""
    folder = tmp_path_factory.mktemp("documents")
    (folder / "volumes.md").write_text("# Volumes\n\nA named volume stays when its container is removed.\n")
    return folder


@pytest.fixture(scope="session")
def make_lab(models: Path, documents: Path, lab_variables: Callable[[Path], dict[str, str]]) -> Callable[..., Any]:
    """`with make_lab(folder) as lab:` gives a lab that is not started; at the end it is stopped, and nothing may be left."""

    @contextmanager
    def make(home: Path, **more: str) -> Iterator[Lab]:
        clean = {name: value for name, value in os.environ.items() if name not in ("LAB_SERVICE", "LAB_PLACE")}
        own = {**lab_variables(home), "OLLAMA_MODELS": str(models), "CORPUS": str(documents), "OPEN": "0"}
        own["DOCKER_HOST"] = f"unix://{home}/no-docker.sock"  # an engine of this machine decides about no test here
        lab = Lab(home, {**clean, **own, **more})
        try:
            yield lab
        finally:
            done = lab.run("down")
            left = lab.processes()
            for process in left:
                process.kill()
            assert done.returncode == 0, done.stderr
            assert not left, "`lab down` left processes"

    return make


@pytest.fixture
def lab(tmp_path: Path, make_lab: Callable[..., Any]) -> Iterator[Lab]:
    """A lab that is not started."""
    with make_lab(tmp_path / "home") as lab:
        yield lab


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory, make_lab: Callable[..., Any]) -> Iterator[Lab]:
    """A lab that the tests of a file share; each leaves it whole."""
    with make_lab(tmp_path_factory.mktemp("home")) as lab:
        lab.up()
        yield lab

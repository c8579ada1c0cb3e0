"""The command lines that start the services as processes of this machine. No secret stands in one: every user sees them."""

import shutil
import sys

from lab import prometheus_server
from lab.redis_server import configuration_file, find_redis
from lab.settings import ROOT, Place, Settings

PYTHON = [sys.executable, "-P"]  # -P: a file in the current folder must not replace a library
# What the `chroma` command runs, without the client library that it imports first (six seconds on two cores, not used by a server).
CHROMA = "import sys, chromadb_rust_bindings; chromadb_rust_bindings.cli(['chroma', *sys.argv[1:]])"


def ollama(settings: Settings, place: Place) -> list[str]:
    """The reader's own program, or the embedded engine; both take their address from OLLAMA_HOST."""
    if place == "native":
        return [shutil.which("ollama") or "ollama", "serve"]
    return [*PYTHON, "-m", "lab.engine", "serve"]


def chroma(settings: Settings, place: Place) -> list[str]:
    """The Chroma server."""
    data = str(settings.lab_home / "chroma")
    return [*PYTHON, "-c", CHROMA, "run", "--path", data, "--host", "127.0.0.1", "--port", str(settings.chroma_port)]


def redis(settings: Settings, place: Place) -> list[str]:
    """Redis; port and password are in its file."""
    return [str(find_redis()), str(configuration_file(settings.lab_home / "redis"))]


def api(settings: Settings, place: Place) -> list[str]:
    """The RAG API."""
    return [*PYTHON, "-m", "lab.service", "--host", "127.0.0.1", "--port", str(settings.api_port)]


def worker(settings: Settings, place: Place) -> list[str]:
    """One worker of the task queue."""
    return [*PYTHON, "-m", "lab.service.tasks"]


def exporter(settings: Settings, place: Place) -> list[str]:
    """What tells Prometheus about Ollama, Chroma and the disks."""
    return [*PYTHON, "-m", "lab.observe", "--host", "127.0.0.1", "--port", str(settings.exporter_port)]


def prometheus(settings: Settings, place: Place) -> list[str]:
    """Prometheus; what it scrapes is in its file. Raises ServiceError when the program is not there."""
    program = prometheus_server.find_prometheus(settings.prometheus_program)
    return prometheus_server.command_line(program, settings.lab_home / "prometheus", settings.prometheus_port)


def jupyter(settings: Settings, place: Place) -> list[str]:
    """JupyterLab; the token comes by its environment."""
    config = ROOT / "jupyter" / "jupyter_server_config.py"
    return [*PYTHON, "-m", "jupyterlab", f"--config={config}", "--ip=127.0.0.1", f"--port={settings.jupyter_port}"]

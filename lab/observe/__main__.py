"""`python -m lab.observe`: metrics of Ollama, Chroma and the disks on EXPORTER_PORT, until it is stopped."""

import argparse
import logging
import sys
from threading import Event

from prometheus_client import CollectorRegistry

from lab.observe import log
from lab.observe.exporter import chroma, ollama
from lab.observe.exporter.disk import Disk
from lab.observe.exporter.looks import Look, Looks
from lab.observe.serve import serve
from lab.settings import Settings, get_settings


def registry(settings: Settings) -> CollectorRegistry:
    """What a scrape reads."""
    looks = [Look("ollama", settings.ollama_host, ollama.read), Look("chroma", settings.chroma_url, chroma.read)]
    made = CollectorRegistry()
    made.register(Looks(looks))
    made.register(Disk({"models": settings.models_folder, "index": settings.lab_home / "chroma"}))
    return made


def main() -> None:
    """Serve until a signal comes. Ends with 1 when the port is taken."""
    settings, chosen = get_settings(), _options().parse_args()
    host, port = chosen.host, chosen.port or settings.exporter_port
    log.configure()
    try:
        serve(registry(settings), host, port)
    except OSError as error:
        sys.exit(f"error: {host}:{port} cannot be used ({error.strerror}).\nhint: Set EXPORTER_PORT to a free port.")
    logging.getLogger("lab.observe").info("metrics of %s and %s on %s:%d", settings.ollama_host, settings.chroma_url, host, port)
    Event().wait()


def _options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m lab.observe", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on; without it, 127.0.0.1")
    parser.add_argument("--port", type=int, help="port; without it, EXPORTER_PORT")
    return parser


if __name__ == "__main__":
    main()

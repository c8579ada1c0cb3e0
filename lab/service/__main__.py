"""`python -m lab.service`: the RAG API on API_HOST and API_PORT, its log as JSON on standard output."""

import argparse
import logging
import os
import sys
from contextlib import suppress

from lab.errors import LabError
from lab.observe import log
from lab.service.auth import check_address
from lab.settings import get_settings

logger = logging.getLogger("lab.service")


def main() -> None:
    """Serve until a signal comes. Ends with 1 and two sentences when a setting cannot work."""
    try:
        _serve()
    except LabError as error:
        sys.exit(f"error: {error}")


def _serve() -> None:
    settings = get_settings()
    chosen = _options().parse_args()
    host, port = chosen.host or settings.api_host, chosen.port or settings.api_port
    check_address(host, settings)
    log.configure()
    # here, after all that can be refused quickly: this loads libraries for some seconds
    from lab.service.app import create_app
    from lab.service.server import Server

    app = create_app(settings)
    if not settings.api_keys:
        logger.warning("API_KEYS is empty: everybody who reaches %s:%d may call.", host, port)
    server = Server(app, settings, host, port)
    with suppress(KeyboardInterrupt):  # uvicorn raises it again after the end that it asked for
        server.run()
    sys.stdout.flush()
    if app.state.gate.running:  # a call that cannot be stopped: Python would wait for its thread
        logger.warning("%d calls did not end in time.", app.state.gate.running)
        os._exit(0)
    if not server.started:  # the port was taken; uvicorn has logged it
        sys.exit(1)


def _options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m lab.service", description=__doc__)
    parser.add_argument("--host", help="address to listen on; without it, API_HOST")
    parser.add_argument("--port", type=int, help="port; without it, API_PORT")
    return parser


if __name__ == "__main__":
    main()

"""The API's server: uvicorn, with an end that finishes what has been begun."""

import asyncio
import os
import socket
from math import ceil

import uvicorn
from fastapi import FastAPI
from typing_extensions import override

from lab.settings import Settings

KEEP_ALIVE = 75  # seconds an unused connection stays open: longer than proxies keep theirs (60), or their next request would fail


class Server(uvicorn.Server):
    """Told to stop, it refuses new questions with 503 and lets running answers finish, for API_STOP_TIMEOUT at most.

    uvicorn alone would close its port at once, and callers would see refused connections instead of a status and Retry-After.
    """

    def __init__(self, app: FastAPI, settings: Settings, host: str, port: int):
        self.gate, self.patience = app.state.gate, settings.api_stop_timeout
        super().__init__(config(app, settings, host, port))

    @override
    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Called when a signal has come; a second signal ends the waiting."""
        self.gate.drain()
        loop = asyncio.get_running_loop()
        deadline = loop.time() + self.patience
        while self.gate.running and loop.time() < deadline and not self.force_exit:
            await asyncio.sleep(0.05)
        await super().shutdown(sockets)


def config(app: FastAPI, settings: Settings, host: str, port: int) -> uvicorn.Config:
    """How the API is served; a measurement serves something else in the same way."""
    # X-Forwarded-For decides whose rate limit counts, so it is believed only when the proxies' addresses are named
    proxied = bool(os.environ.get("FORWARDED_ALLOW_IPS"))
    return uvicorn.Config(
        app,
        host,
        port,
        log_config=None,  # lab.observe.log has one
        access_log=False,
        server_header=False,
        proxy_headers=proxied,
        timeout_keep_alive=KEEP_ALIVE,
        timeout_graceful_shutdown=max(1, ceil(settings.api_stop_timeout / 10)),  # for the last bytes of answers
    )

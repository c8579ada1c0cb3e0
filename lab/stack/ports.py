"""Is a port free, and if not, who has it."""

import errno
import socket
from contextlib import suppress

import psutil

from lab.errors import ServiceError, SettingError
from lab.settings import Settings
from lab.stack.services import Service


def is_free(port: int) -> bool:
    """True when a server could listen on this port of 127.0.0.1. Raises SettingError for a port that only root may use."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # a connection that is closing down is no obstacle
        try:
            probe.bind(("127.0.0.1", port))
        except PermissionError as error:
            raise SettingError(f"Port {port} is reserved for the system.", "Choose a port from 1024 on in .env.") from error
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                return False
            raise
    return True


def owner(port: int) -> psutil.Process | None:
    """The process that listens on a port, where this user may see it."""
    try:
        found = [c.pid for c in psutil.net_connections("tcp") if c.status == psutil.CONN_LISTEN and c.laddr.port == port and c.pid]
    except psutil.AccessDenied:  # macOS shows other users' connections to root only
        found = []
    with suppress(psutil.NoSuchProcess):
        return psutil.Process(found[0]) if found else None
    return None


def describe(process: psutil.Process | None) -> str:
    """A process in words: program, id and user."""
    if process is None:
        return "a process of another user"
    name = user = "unknown"
    with suppress(psutil.Error):
        name, user = process.name(), process.username()
        name = " ".join(process.cmdline())[:80] or name
    return f"`{name}` (process {process.pid}, user {user})"


def require_free(service: Service, settings: Settings) -> None:
    """Raises ServiceError naming the owner and the setting to change when the service's port is taken."""
    port = service.port(settings)
    if port is not None and not is_free(port):
        raise ServiceError(
            f"Port {port}, where {service.title} should answer, is taken by {describe(owner(port))}.",
            f"Stop that program, or choose another port with {service.port_setting} in .env; then run `lab up` again.",
        )

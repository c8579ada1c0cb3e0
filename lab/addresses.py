"""Addresses of servers: what OLLAMA_HOST means, which hosts no proxy may stand before, and ports that nobody uses."""

import socket
from collections.abc import Iterable, MutableMapping
from urllib.parse import urlsplit

THIS_MACHINE = ("127.0.0.1", "localhost", "::1")


def free_port() -> int:
    """A port of this machine that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def ollama_url(host: str, default_port: int = 11434) -> str:
    """The address at which a client reaches what OLLAMA_HOST means: one that only a server can bind to is called at 127.0.0.1."""
    scheme, name, port = ollama_address(host, default_port)
    name = "127.0.0.1" if name in ("0.0.0.0", "::") else name
    return f"{scheme}://{f'[{name}]' if ':' in name else name}:{port}"


def ollama_address(host: str, default_port: int = 11434) -> tuple[str, str, int]:
    """Scheme, host and port that a value of OLLAMA_HOST means, for servers and clients alike.

    As Ollama reads it: no scheme means http and port 11434; with `http://` and no port it is 80, with `https://` 443.
    """
    text = host.strip().rstrip("/")
    parts = urlsplit(text if "://" in text else f"//{text}", scheme="http")
    if parts.scheme not in ("http", "https"):
        raise ValueError(f"OLLAMA_HOST={host} must begin with http:// or https://, or have no scheme")
    try:
        port = parts.port
    except ValueError as error:
        raise ValueError(f"OLLAMA_HOST={host} has no usable port") from error
    if port is None:
        port = {"http": 80, "https": 443}[parts.scheme] if "://" in text else default_port
    return parts.scheme, parts.hostname or "127.0.0.1", port


def bypass_proxy(env: MutableMapping[str, str], own: Iterable[str] = THIS_MACHINE) -> None:
    """Has HTTP clients reach this machine directly: a proxy meant for the internet must not see these calls.

    Both spellings get the same hosts: some programs read one, some the other, and some let an empty one win.
    """
    hosts = [host.strip() for name in ("NO_PROXY", "no_proxy") for host in env.get(name, "").split(",")]
    if "*" not in hosts:  # that already means every address
        hosts = list(dict.fromkeys(host for host in (*hosts, *own) if host))
        env["NO_PROXY"] = env["no_proxy"] = ",".join(hosts)

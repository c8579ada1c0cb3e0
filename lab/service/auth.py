"""API keys: who may call. The settings hold hashes, so that whoever reads them cannot call."""

import hmac
import re
import secrets
from functools import lru_cache
from hashlib import sha256

from lab.engine.middleware import is_local_host
from lab.errors import SettingError
from lab.settings import Settings

MAKE = "Make one with `lab key NAME` and put the line that it prints into .env."
NAME = re.compile(r"[A-Za-z0-9._-]{1,64}")
ENTRY = re.compile(rf"(?P<name>{NAME.pattern}):(?P<digest>[0-9a-fA-F]{{64}})")
ORIGIN = re.compile(r"https?://[a-z0-9.-]+(:[0-9]{1,5})?|https?://\[[0-9a-f:]+\](:[0-9]{1,5})?")
LOOPBACK = ("127.0.0.1", "::1", "localhost")


def new_key() -> str:
    """A key that nobody guesses: 256 random bits. A plain hash of it is enough, as no list of likely keys can exist."""
    return secrets.token_urlsafe(32)


def digest(key: str) -> str:
    """What is stored of a key."""
    return sha256(key.encode("utf-8", "surrogateescape")).hexdigest()


class Keys:
    """The keys of API_KEYS. Raises SettingError when an entry is not name:sha256."""

    def __init__(self, text: str):
        self._digests: dict[str, str] = {}
        for place, entry in enumerate(filter(None, (part.strip() for part in text.split(","))), 1):
            found = ENTRY.fullmatch(entry)
            if not found:  # not quoted: it may be a key
                raise SettingError(f"API_KEYS: entry {place} is not a name, a colon and 64 digits of a SHA-256 hash.", MAKE)
            if found["name"] in self._digests:
                raise SettingError(f"API_KEYS has the name {found['name']} twice.", "Give each key a name of its own.")
            self._digests[found["name"]] = found["digest"].lower()

    def __bool__(self) -> bool:
        return bool(self._digests)

    def owner(self, key: str) -> str:
        """The name of a key; empty when it is none of them. Takes equally long for each key, so that time tells nothing about them."""
        given, owner = digest(key), ""
        for name, known in self._digests.items():
            if hmac.compare_digest(given, known):
                owner = name
        return owner


def sent_key(authorization: str, x_api_key: str) -> str:
    """The key in a request's headers: `Authorization: Bearer KEY` or `X-API-Key: KEY`."""
    scheme, _, key = authorization.partition(" ")
    return key.strip() if scheme.lower() == "bearer" else x_api_key.strip()


@lru_cache(maxsize=256)
def is_near(host: str) -> bool:
    """Whether a Host header names this machine or another one nearby.

    Without keys, this keeps a web page from making a browser call its own name at this address (DNS rebinding).
    """
    name = host.partition(":")[0]
    return "." not in name or is_local_host(host)


def check_address(host: str, settings: Settings) -> None:
    """Refuse to listen where others can call, without keys. In the lab's own container the port is published on this machine only."""
    if host in LOOPBACK or settings.api_keys or settings.lab_place == "compose":
        return
    raise SettingError(f"Without keys, everybody who reaches {host} could call the API.", f"{MAKE} Or listen on 127.0.0.1.")


def origins(text: str) -> list[str]:
    """The web pages of API_ORIGINS. Raises SettingError for what a browser never sends as an origin, and for all pages (*)."""
    named = [part.strip() for part in text.split(",") if part.strip()]
    for one in named:
        if not ORIGIN.fullmatch(one):
            raise SettingError(
                f"API_ORIGINS: “{one}” is no origin.", "Write scheme, host and port and nothing after, like http://localhost:3000"
            )
    return named

"""The HTTP side of Ollama's pull protocol: manifests and blobs from an OCI-style registry."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Self

import httpx

from lab.engine.errors import PullError
from lab.engine.manifest import MANIFEST_TYPE
from lab.engine.names import HOST, Name

STALL = 30.0  # seconds without a byte, after which a connection counts as broken
_CHALLENGE = re.compile(r'(realm|service|scope)="([^"]*)"')


class ConnectionBroken(Exception):
    """The connection failed, stalled or ended early: trying again may help."""


class Registry:
    """One registry. Blobs may be served directly or by a redirect, with Range or without."""

    def __init__(self, url: str, stall: float = STALL):
        self.url = url.rstrip("/")
        self._client = httpx.Client(timeout=stall, follow_redirects=True, headers={"Accept-Encoding": "identity"})
        self._token = ""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._client.close()

    def manifest(self, name: Name) -> bytes:
        """The bytes of the model's manifest. Raises PullError."""
        url = f"{self._repository(name)}/manifests/{name.tag}"
        try:
            with self._get(url, {"Accept": MANIFEST_TYPE}) as response:
                response.read()
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            hint = f"Is the registry {self.url} running and reachable from here?"
            raise PullError(f'pull model manifest: Get "{url}": {error}', hint) from error
        if response.status_code == 404:
            raise PullError("pull model manifest: file does not exist", "Check the model's name and tag.")
        if response.is_error:
            raise PullError(f"pull model manifest: {response.status_code}: {response.text[:500]}")
        return response.content

    @contextmanager
    def blob(self, name: Name, digest: str, offset: int) -> Iterator[tuple[int, Iterator[bytes]]]:
        """Where the bytes begin (`offset`, or 0 when the server cannot continue), and the bytes.

        Raises ConnectionBroken when trying again may help, else PullError.
        """
        url = f"{self._repository(name)}/blobs/{digest}"
        try:
            with self._get(url, {"Range": f"bytes={offset}-"} if offset else {}) as response:
                if response.status_code == 416:  # there is nothing after `offset`
                    yield offset, iter(())
                    return
                self._check(response)
                yield offset if response.status_code == 206 else 0, response.iter_raw()
        except httpx.HTTPError as error:
            raise ConnectionBroken(str(error) or type(error).__name__) from error
        except httpx.InvalidURL as error:
            raise PullError(f"the registry {self.url} named an address that is none: {error}") from error

    def _repository(self, name: Name) -> str:
        return f"{self.url}/v2/{name.namespace}/{name.model}"

    def _check(self, response: httpx.Response) -> None:
        if not response.is_error:
            return
        response.read()
        said = f"{response.status_code}: {response.text[:500]}"
        if response.is_server_error:
            raise ConnectionBroken(said)
        raise PullError(said)

    @contextmanager
    def _get(self, url: str, headers: dict[str, str]) -> Iterator[httpx.Response]:
        """A streamed GET. A registry that wants a token says where to get one; then the request is made again."""
        with self._client.stream("GET", url, headers=headers | self._authorization()) as response:
            challenge = response.headers.get("www-authenticate", "")
            if response.status_code != 401 or not challenge.lower().startswith("bearer"):
                yield response
                return
        self._token = self._fetch_token(challenge)
        with self._client.stream("GET", url, headers=headers | self._authorization()) as response:
            yield response

    def _authorization(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self._token}"} if self._token else {}

    def _fetch_token(self, challenge: str) -> str:
        asked = dict(_CHALLENGE.findall(challenge))
        realm = asked.pop("realm", "")
        if not realm.startswith(("http://", "https://")):
            raise PullError(f"the registry {self.url} asks for a token but does not say where to get one")
        response = self._client.get(realm, params=asked)
        if response.is_error:
            raise PullError(f"the registry {self.url} refused a token: {response.status_code}: {response.text[:500]}")
        try:
            answer = response.json()
            return str(answer.get("token") or answer["access_token"])
        except (ValueError, KeyError, AttributeError) as error:
            raise PullError(f"the registry {self.url} answered without a token") from error


def registry_url(name: Name, insecure: bool, configured: str) -> str:
    """The registry to ask for this model, or empty when the installed packages are meant.

    A host in the name wins over `configured`, which is OLLAMA_REGISTRY. Raises PullError for http:// without `insecure`.
    """
    if name.host.casefold() != HOST:
        if name.scheme == "http" and not insecure:
            raise PullError("insecure protocol http", "Allow it with: ollama pull --insecure")
        return f"{'http' if insecure else 'https'}://{name.host}"
    return configured if "://" in configured or not configured else f"https://{configured}"

"""The few HTTP calls that starting and watching need.

urllib instead of httpx: importing httpx costs a third of a second, and `lab status` should take less than that.
"""

import json
from collections.abc import Iterator
from http.client import HTTPException
from typing import Any
from urllib.error import HTTPError
from urllib.request import ProxyHandler, Request, build_opener

BROKEN = (OSError, HTTPException, ValueError)  # refused, timed out, an HTTP error; broken off or not HTTP at all; not JSON
_open = build_opener(ProxyHandler({})).open  # services are on this machine: a proxy meant for the internet must not see these calls


def get_json(url: str, timeout: float) -> Any:
    """The JSON that an address answers with, or None when nothing useful answers in time."""
    try:
        with _open(url, timeout=timeout) as answer:
            return json.load(answer)
    except BROKEN:
        return None


def post_json(url: str, body: dict[str, Any], timeout: float) -> Any:
    """The JSON that a call answers with, or None when nothing useful answers in time."""
    try:
        with _open(_request(url, body), timeout=timeout) as answer:
            return json.load(answer)
    except BROKEN:
        return None


def post_lines(url: str, body: dict[str, Any], timeout: float) -> Iterator[dict[str, Any]]:
    """The JSON lines that a streaming call answers with; a refused call yields its error body. Raises one of BROKEN."""
    try:
        with _open(_request(url, body), timeout=timeout) as answer:
            yield from (json.loads(line) for line in answer if line.strip())
    except HTTPError as error:
        yield {"error": _message(error)}


def _request(url: str, body: dict[str, Any]) -> Request:
    return Request(url, json.dumps(body).encode(), {"Content-Type": "application/json"})


def _message(error: HTTPError) -> str:
    try:
        return str(json.load(error)["error"])
    except (*BROKEN, KeyError, TypeError):
        return f"HTTP {error.code}"

"""A measured load on a server of this machine: when each request was sent, how long it took, and what came when."""

import asyncio
import math
from collections.abc import Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import Any

MOST = 500  # requests of one load: enough to measure, too few to harm
PATIENCE = 60.0  # seconds for one answer


@dataclass(frozen=True)
class Call:
    """One request: sent at `started` seconds of the load, answered after `seconds`."""

    started: float
    seconds: float
    status: int


async def load(url: str, count: int, per_second: float, method: str = "GET", **request: Any) -> list[Call]:
    """Send `count` requests evenly, `per_second` of them, without waiting for answers in between; return all calls.

    That is an open load: visitors come whether or not the server keeps up. Raises ValueError above MOST requests.
    """
    import httpx

    if count > MOST:
        raise ValueError(f"{count} requests are more than {MOST}")
    limits = httpx.Limits(max_connections=count)
    async with httpx.AsyncClient(timeout=PATIENCE, limits=limits, trust_env=False) as client:
        began = perf_counter()

        async def one(number: int) -> Call:
            await asyncio.sleep(max(0.0, began + number / per_second - perf_counter()))
            sent = perf_counter()
            answer = await client.request(method, url, **request)
            return Call(sent - began, perf_counter() - sent, answer.status_code)

        return list(await asyncio.gather(*map(one, range(count))))


def percentile(values: Sequence[float], share: float) -> float:
    """The value below which this share of the values lies (nearest rank); 0.95 gives the 95th percentile."""
    ordered = sorted(values)
    return ordered[max(1, math.ceil(share * len(ordered))) - 1]


def read_lines(url: str, body: Any, most: int = 10_000) -> list[tuple[float, str]]:
    """Post BODY and read the answer line by line, each with the seconds until it came; go away after `most` lines."""
    import httpx

    began, lines = perf_counter(), list[tuple[float, str]]()
    with httpx.stream("POST", url, json=body, timeout=PATIENCE, trust_env=False) as answer:
        for line in answer.iter_lines():
            lines.append((perf_counter() - began, line))
            if len(lines) == most:
                break
    return lines

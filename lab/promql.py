"""Questions to Prometheus' HTTP API: a value now, values over a time, and which alerts fire.

`query(url, 'rate(rag_queries_total[5m])')` gives a list of samples, each with its labels.
"""

from dataclasses import dataclass
from typing import Any

from lab.errors import InputError, ServiceError

PATIENCE = 10.0  # seconds for an answer


@dataclass(frozen=True)
class Sample:
    """One series of an answer: its labels, and pairs of time (seconds since 1970) and value; a query of now has one pair."""

    labels: dict[str, str]
    points: list[tuple[float, float]]

    @property
    def value(self) -> float:
        """The newest value."""
        return self.points[-1][1]


def query(url: str, expression: str) -> list[Sample]:
    """What an expression gives now. Raises InputError for one that Prometheus cannot read, ServiceError when it does not answer."""
    return [_sample(one, [one["value"]]) for one in _vector(_ask(url, "query", query=expression))]


def query_range(url: str, expression: str, start: float, end: float, step: float) -> list[Sample]:
    """What it gives at each `step` seconds of a time. Raises as `query`."""
    answer = _ask(url, "query_range", query=expression, start=start, end=end, step=step)
    return [_sample(one, one["values"]) for one in answer["result"]]


def alerts(url: str) -> dict[str, str]:
    """Name and state (pending or firing) of each alert whose condition holds. Raises ServiceError."""
    found = sorted(_ask(url, "alerts")["alerts"], key=lambda one: one["state"], reverse=True)  # of two with one name, the firing counts
    return {one["labels"]["alertname"]: one["state"] for one in found}


def targets(url: str) -> dict[str, str]:
    """Job and health (up, down or unknown) of what is scraped. Raises ServiceError."""
    return {one["labels"]["job"]: one["health"] for one in _ask(url, "targets")["activeTargets"]}


def answers(url: str) -> bool:
    """True when a Prometheus there has read its data and answers questions."""
    return bool(file_of(url))


def file_of(url: str) -> str:
    """The configuration file of the Prometheus there, which tells one from another; empty when none answers."""
    try:
        return str(_ask(url, "status/flags")["config.file"])
    except (ServiceError, InputError):
        return ""


def _vector(answer: dict[str, Any]) -> list[dict[str, Any]]:
    """A number alone is a series without labels."""
    return answer["result"] if answer["resultType"] != "scalar" else [{"metric": {}, "value": answer["result"]}]


def _sample(one: dict[str, Any], pairs: list[Any]) -> Sample:
    return Sample(dict(one["metric"]), [(float(when), float(value)) for when, value in pairs])


def _ask(url: str, path: str, **parameters: Any) -> Any:
    import httpx

    hint = "Start it with `lab up --profile monitoring`, or look at `lab logs prometheus`."
    try:
        # no proxy: it is a server of this lab
        said = httpx.get(f"{url}/api/v1/{path}", params=parameters, timeout=PATIENCE, trust_env=False).json()
    except (httpx.HTTPError, ValueError) as error:
        raise ServiceError(f"No Prometheus answers at {url}.", hint) from error
    if said.get("status") == "success":
        return said["data"]
    if said.get("errorType") == "bad_data":
        raise InputError(f"Prometheus cannot read the question: {said.get('error')}.", "Compare brackets, quotes and names of functions.")
    raise ServiceError(f"Prometheus at {url} failed: {said.get('error', said)}.", hint)

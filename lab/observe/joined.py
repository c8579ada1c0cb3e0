"""The lines that several services wrote about one request, in the order of time."""

import json
import re
from collections.abc import Iterable
from datetime import UTC, datetime

Line = tuple[str, str]  # the service and what it wrote
STAMP = re.compile(r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d[.,]\d+")


def of_request(lines: Iterable[Line], known_id: str) -> list[Line]:
    """Those that hold the id as a whole word; a line without a time comes first."""
    whole = re.compile(rf"(?<![\w.-]){re.escape(known_id)}(?![\w.-])")
    return sorted((line for line in lines if whole.search(line[1])), key=lambda line: written(line[1]))


def written(line: str) -> datetime:
    """When: JSON lines say it in `time`, in UTC, and the engine's at their beginning, by the clock on the wall."""
    try:
        return datetime.fromisoformat(json.loads(line)["time"])
    except (ValueError, KeyError, TypeError):
        found = STAMP.match(line)
        # a time without a zone is that of this machine
        return datetime.fromisoformat(found[0].replace(",", ".")).astimezone() if found else datetime.min.replace(tzinfo=UTC)

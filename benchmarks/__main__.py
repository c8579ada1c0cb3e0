"""`python -m benchmarks [NAME ...]`: runs the measurements, writes the rows as JSON to standard output."""

import json
import sys
from importlib import import_module

# In this order: the quick ones first.
NAMES = ("observe", "engine", "ingest", "query", "cache", "tasks", "start", "scale", "containers", "rolling")


def main(names: list[str]) -> None:
    """Run the named measurements; each module has a function `rows()`."""
    for name in names or NAMES:
        print(f"measuring: {name}", file=sys.stderr, flush=True)
        for row in import_module(f"benchmarks.{name}").rows():
            print(json.dumps(row.to_dict()), flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])

"""The one written form of a notebook: the same content gives the same bytes, so that a diff shows what somebody changed."""

import hashlib
import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

import nbformat

from lab.errors import InputError
from lab.settings import ROOT

Notebook = Any  # nbformat's NotebookNode: a dict whose keys are attributes too
KERNEL = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}
WIDGET = "application/vnd.jupyter.widget-view+json"  # holds ids that differ from run to run; the text beside it stays
NAMED = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
RANDOM = re.compile(r"[0-9a-f]{8}(-[0-9a-f-]+)?")
# what differs between two runs or two machines and says nothing
SCRUB = [
    (re.compile(r"\x1b\[[0-9;]*m"), ""),
    (re.compile(r"\bat 0x[0-9a-f]{6,}"), "at 0x…"),
    (re.compile(r"(/[\w.@+-]+)+/site-packages/"), "site-packages/"),
    (re.compile(r"/tmp/ipykernel_\d+/\d+\.py"), "cell"),
    (re.compile(re.escape(f"{ROOT}/")), ""),
]


def read(path: Path) -> Notebook:
    """The notebook in `path`. Raises InputError when it isn't one, or when two cells have one id."""
    try:
        content = path.read_text("utf-8")
        ids = Counter(cell["id"] for cell in json.loads(content)["cells"])
        twins = [id for id, count in ids.items() if count > 1]  # nbformat would give one of them a random id
        notebook = None if twins else nbformat.reads(content, as_version=4)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, nbformat.ValidationError) as error:
        raise InputError(f"{path.name} cannot be read as a notebook: {error}", "Restore the file from git.") from error
    if twins:
        raise InputError(f"In {path.name}, several cells have the id {twins[0]}.", "Give each cell an id of its own.")
    return notebook


def dumps(notebook: Notebook) -> str:
    """The text of the notebook's file: sorted keys, one space of indent, letters of all languages as they are."""
    nbformat.validate(notebook)
    return f"{nbformat.writes(notebook, version=4)}\n"


def tags(cell: Notebook) -> list[str]:
    """The cell's tags."""
    return list(cell["metadata"].get("tags", []))


def code_cells(notebook: Notebook) -> list[Notebook]:
    """Code cells that hold code."""
    return [cell for cell in notebook["cells"] if cell["cell_type"] == "code" and cell["source"].strip()]


def code_digest(notebook: Notebook) -> str:
    """Identifies the code of all cells: stored at a run, so that code changed after it is noticed."""
    return hashlib.sha256(json.dumps([cell["source"] for cell in code_cells(notebook)]).encode()).hexdigest()


def stored_digest(notebook: Notebook) -> str:
    """The digest of the code that the stored outputs come from; empty when nothing was run."""
    return str(notebook["metadata"].get("lab", {}).get("ran", ""))


def normalise(notebook: Notebook) -> Notebook:
    """Bring the notebook, in place, to the form that is committed; what its author wrote stays."""
    lab = notebook.metadata.get("lab", {})
    notebook.metadata = nbformat.from_dict({**KERNEL, **({"lab": lab} if lab else {})})
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    for position, cell in enumerate(notebook.cells):
        if not NAMED.fullmatch(cell.get("id", "")) or RANDOM.fullmatch(cell.id):
            cell.id = f"cell-{position:03d}"
        cell.metadata = nbformat.from_dict({"tags": tags(cell)} if tags(cell) else {})
        cell.source = "\n".join(line.rstrip() for line in cell.source.strip().split("\n"))
    _normalise_runs([cell for cell in notebook.cells if cell.cell_type == "code"])
    return notebook


def _normalise_runs(cells: list[Notebook]) -> None:
    """Counts from 1 in the order of the cells; nothing in the outputs that differs from run to run by nature."""
    count = 0
    for cell in cells:
        ran = cell.execution_count is not None
        count += ran
        cell.execution_count = count if ran else None
        for output in cell.outputs:
            if "execution_count" in output:
                output["execution_count"] = count
            output.pop("transient", None)
            output.get("data", {}).pop(WIDGET, None)
        cell.outputs = [nbformat.from_dict(_scrub(output)) for output in cell.outputs]


def _scrub(value: Any) -> Any:
    if isinstance(value, str):
        for pattern, replacement in SCRUB:
            value = pattern.sub(replacement, value)
        return value
    if isinstance(value, list):
        return [_scrub(one) for one in value]
    if isinstance(value, dict):
        return {key: one if key.startswith("image/") else _scrub(one) for key, one in value.items()}
    return value

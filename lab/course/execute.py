"""Runs a solution from top to bottom in a fresh kernel and stores what came out."""

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ipykernel.kernelspec import get_kernel_dict
from jupyter_client import AsyncKernelManager
from jupyter_client.kernelspec import KernelSpec, KernelSpecManager
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

from lab.course.notebook import Notebook, code_cells, code_digest, dumps, normalise, read
from lab.errors import LabError
from lab.files import write_whole

Progress = Callable[[int, int], None]  # number of the cell that starts, cells in all


class ThisPython(KernelSpecManager):
    """Kernels of this very Python: a kernel of the same name in the user's folder may belong to another environment."""

    def get_kernel_spec(self, kernel_name: str) -> KernelSpec:
        """The kernel of this Python, whatever the name."""
        spec: dict[str, Any] = get_kernel_dict(extra_arguments=["--log-level=ERROR"])  # its notice about TCP is not for authors
        return KernelSpec(resource_dir="", **{**spec, "argv": [sys.executable, *spec["argv"][1:]]})


def execute(notebook: Notebook, folder: Path, timeout: int = 300, on_cell: Progress | None = None) -> None:
    """Run the notebook in place, its working folder `folder`. Raises LabError that names the cell that failed."""
    total, started = len(code_cells(notebook)), []

    def report(cell: Notebook, cell_index: int) -> None:
        started.append(cell.id)
        if on_cell:
            on_cell(len(started), total)

    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    client = NotebookClient(
        notebook,
        timeout=timeout,
        startup_timeout=240,  # a kernel starts in a second; beside a lesson that fills the machine, one minute was not enough
        iopub_timeout=60,  # seconds for output that comes after a cell's end; four, the default, are too few on a busy machine
        raise_on_iopub_timeout=True,  # else a missing output passes for an empty one
        record_timing=False,
        store_widget_state=False,
        coalesce_streams=True,
        resources={"metadata": {"path": str(folder)}},
        on_cell_execute=report,
    )
    client.km = AsyncKernelManager(kernel_spec_manager=ThisPython())
    try:
        client.execute(env={**os.environ, "LAB_PROGRESS": "off"})
    except (CellExecutionError, CellTimeoutError, DeadKernelError) as error:
        said = f"{error.ename}: {error.evalue}" if isinstance(error, CellExecutionError) else str(error).strip().splitlines()[0]
        raise LabError(
            f"Cell {started[-1]} stopped the run: {said}", "See with `lab status` that the lab is up; then mend the cell."
        ) from error


def run(path: Path, on_cell: Progress | None = None) -> None:
    """Run the solution in `path` and store it with its outputs. After a failure the file is as it was."""
    notebook = read(path)
    execute(notebook, path.parent, on_cell=on_cell)
    notebook.metadata["lab"] = {"ran": code_digest(notebook)}
    write_whole(path, dumps(normalise(notebook)))

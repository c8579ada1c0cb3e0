"""solutions/ → notebooks/: what learners open is made from the complete notebooks, exercises blank and outputs cleared.

In a solution, what the learner writes stands between two marks, as in nbgrader; the words after the colon are the stub:

    ### BEGIN SOLUTION: speed = ...
    speed = count / seconds
    ### END SOLUTION
"""

import copy
import re
from functools import partial
from pathlib import Path

from lab.course import errata
from lab.course.notebook import Notebook, dumps, normalise, read, tags
from lab.course.text import text
from lab.errors import InputError
from lab.files import write_whole
from lab.settings import ROOT

BLOCK = re.compile(r"^([ \t]*)### BEGIN SOLUTION(?::[ \t]*([^\n]+))?\n.*?^[ \t]*### END SOLUTION[^\n]*$", re.MULTILINE | re.DOTALL)
# Cells with these tags are the learner's to fill in, and the comment that says so.
OPEN = {"exercise": "your code here", "prediction": "your guess"}


def blank(solution: Notebook) -> Notebook:
    """The learner's copy. Raises InputError for an exercise that nothing was cut out of."""
    notebook = copy.deepcopy(solution)
    notebook.metadata.pop("lab", None)
    notebook.cells = [cell for cell in notebook.cells if "solution" not in tags(cell)]
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count, cell.source = [], None, _opened(cell)
    return notebook


def _opened(cell: Notebook) -> str:
    """The cell's code with stubs in place of answers."""
    kinds = [tag for tag in tags(cell) if tag in OPEN]
    comment = OPEN[kinds[0]] if kinds else OPEN["exercise"]
    source, cut = BLOCK.subn(partial(_stub, text(comment)), cell.source)
    if kinds and not cut:
        raise InputError(
            f"Cell {cell.id} is the learner's to fill in, but nothing in it is marked.",
            "Put ### BEGIN SOLUTION: <stub> and ### END SOLUTION around the answer.",
        )
    return source


def _stub(comment: str, block: re.Match[str]) -> str:
    return f"{block[1]}{block[2] or '...'}  # {comment}"


def planned(root: Path = ROOT) -> dict[Path, str]:
    """Every notebook file, and the page of mistakes, as they should be. Raises InputError when there is no solution to make them from."""
    sources = sorted((root / "solutions").glob("*.ipynb"))
    if not sources:
        raise InputError("There is no notebook in solutions/.", "Restore the folder from git.")
    files = {}
    for source in sources:
        solution = normalise(read(source))
        files[source] = dumps(solution)
        files[root / "notebooks" / source.name] = dumps(blank(solution))
    files[root / errata.FILE] = errata.page(root)
    return files


def stale(root: Path = ROOT) -> list[Path]:
    """Notebook files that are not as they should be, and blanks whose solution is gone."""
    files = planned(root)
    changed = [path for path, content in files.items() if not path.exists() or path.read_text("utf-8") != content]
    return changed + sorted(set((root / "notebooks").glob("*.ipynb")) - set(files))


def build(root: Path = ROOT) -> list[Path]:
    """Write what is stale; return those paths. A blank whose solution is gone is removed."""
    files, changed = planned(root), stale(root)
    for path in changed:
        if path in files:
            write_whole(path, files[path])
        else:
            path.unlink()
    return changed

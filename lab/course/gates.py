"""What every committed notebook must hold to, read from its file without running it.

Each gate takes a notebook and yields one sentence for each thing that is wrong, beginning with the cell's id.
Gates of solutions are about stored runs: they close the ways in which a comparison of outputs is green and says nothing.
"""

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path

from lab.course.notebook import Notebook, code_cells, code_digest, read, stored_digest, tags
from lab.settings import ROOT

Gate = Callable[[Notebook, Path], Iterator[str]]
TAGS = {"exercise", "prediction", "solution", "raises-exception", "nbval-ignore-output"}
LONGEST_CELL = 15
LONGEST_LINE = 90  # characters that can be seen without scrolling sideways
LARGEST_OUTPUT = 300_000
LINK = re.compile(r"(!?)\[([^\]]*)\]\(([^)\s]+)[^)]*\)")
HEADING = re.compile(r"^(#{1,6}) ", re.MULTILINE)
FENCE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
IMAGE = re.compile(r"<img\b[^>]*>")
CHECK = re.compile(r"""\bcheck\(\s*(["'])(.+?)\1""")
VALUED = re.compile(r"(raises|why):\S.*")  # raises:ValueError names the exception, why:timings why an output is not compared


def _known_tags(notebook: Notebook, path: Path) -> Iterator[str]:
    for cell in notebook["cells"]:
        for tag in tags(cell):
            if tag not in TAGS and not VALUED.fullmatch(tag):
                yield f"{cell['id']}: tag {tag} is unknown, so it does nothing"
        if cell["cell_type"] == "code" and re.search(r"^#\s*NBVAL_", cell["source"], re.MULTILINE):
            yield f"{cell['id']}: an NBVAL_ comment wins over tags unseen; use a tag"


def _headings_in_steps(notebook: Notebook, path: Path) -> Iterator[str]:
    level = 0
    for cell, source in _prose(notebook):
        for heading in HEADING.finditer(source):
            if len(heading[1]) > level + 1:
                yield f"{cell['id']}: heading jumps from level {level} to {len(heading[1])}"
            level = len(heading[1])


def _alternatives_for_images(notebook: Notebook, path: Path) -> Iterator[str]:
    for cell, source in _prose(notebook):
        if any(bang and not alt.strip() for bang, alt, _ in LINK.findall(source)):
            yield f"{cell['id']}: image without alt text"
    for cell in notebook["cells"]:
        shown = [cell["source"]] if cell["cell_type"] == "markdown" else [_html(output) for output in cell.get("outputs", [])]
        if any("alt=" not in image for one in shown for image in IMAGE.findall(one)):
            yield f"{cell['id']}: <img> without alt text"
        if any(kind.startswith("image/") for output in cell.get("outputs", []) for kind in output.get("data", {})):
            yield f"{cell['id']}: picture without alt text; use show(figure, alt)"


def _live_links(notebook: Notebook, path: Path) -> Iterator[str]:
    for cell, source in _prose(notebook):
        for _, _, target in LINK.findall(source):
            file = target.partition("#")[0]
            if file and "://" not in file and not file.startswith("mailto:") and not (path.parent / file).exists():
                yield f"{cell['id']}: dead link {target}"


def _short_cells(notebook: Notebook, path: Path) -> Iterator[str]:
    for cell in code_cells(notebook):
        lines = sum(bool(line.strip()) and not line.strip().startswith("###") for line in cell["source"].splitlines())
        if lines > LONGEST_CELL:
            yield f"{cell['id']}: {lines} lines of code, more than {LONGEST_CELL}"
        if any(len(line) > LONGEST_LINE for line in cell["source"].splitlines()):
            yield f"{cell['id']}: a line of code over {LONGEST_LINE} characters"


def _prose_first(notebook: Notebook, path: Path) -> Iterator[str]:
    before = None
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code" and before != "markdown":
            yield f"{cell['id']}: no prose before this code"
        before = cell["cell_type"]


def _reasons_for_ignoring(notebook: Notebook, path: Path) -> Iterator[str]:
    for cell in notebook["cells"]:
        ignored, reasons = "nbval-ignore-output" in tags(cell), [tag for tag in tags(cell) if tag.startswith("why:")]
        if ignored != bool(reasons):
            yield f"{cell['id']}: nbval-ignore-output and a why:… tag go together"


def _one_fresh_run(notebook: Notebook, path: Path) -> Iterator[str]:
    for number, cell in enumerate(code_cells(notebook), start=1):
        if cell["execution_count"] is None:
            yield f"{cell['id']}: was not run"
        elif cell["execution_count"] != number:
            yield f"{cell['id']}: count {cell['execution_count']} instead of {number}, so not one run from top to bottom"


def _outputs_of_this_code(notebook: Notebook, path: Path) -> Iterator[str]:
    if stored_digest(notebook) != code_digest(notebook):
        yield "notebook: its code changed after its outputs were stored"


def _announced_errors(notebook: Notebook, path: Path) -> Iterator[str]:
    for cell in code_cells(notebook):
        raised = [output["ename"] for output in cell["outputs"] if output["output_type"] == "error"]
        announced = [tag.partition(":")[2] for tag in tags(cell) if tag.startswith("raises:")]
        if bool(announced) != ("raises-exception" in tags(cell)):
            yield f"{cell['id']}: raises-exception and a raises:… tag go together"
        elif raised != announced:
            yield f"{cell['id']}: raised {raised or 'nothing'}, its tags announce {announced or 'nothing'}"


def _correct_verdicts(notebook: Notebook, path: Path) -> Iterator[str]:
    for cell in code_cells(notebook):
        shown = json.dumps(cell["outputs"])
        for _, id in CHECK.findall(cell["source"]):
            if f"{id}: correct" not in shown:
                yield f"{cell['id']}: the stored verdict of {id} is not correct"


def _quiet_and_small(notebook: Notebook, path: Path) -> Iterator[str]:
    for cell in code_cells(notebook):
        if any(output.get("name") == "stderr" for output in cell["outputs"]):
            yield f"{cell['id']}: stored output on stderr"
        if len(json.dumps(cell["outputs"])) > LARGEST_OUTPUT:
            yield f"{cell['id']}: stored output over {LARGEST_OUTPUT // 1000} kB"


def _something_compared(notebook: Notebook, path: Path) -> Iterator[str]:
    if not any(cell["outputs"] and "nbval-ignore-output" not in tags(cell) for cell in code_cells(notebook)):
        yield "notebook: no cell has an output that is compared"


OF_ALL: tuple[Gate, ...] = (
    _known_tags,
    _headings_in_steps,
    _alternatives_for_images,
    _live_links,
    _short_cells,
    _prose_first,
    _reasons_for_ignoring,
)
OF_SOLUTIONS: tuple[Gate, ...] = (
    _one_fresh_run,
    _outputs_of_this_code,
    _announced_errors,
    _correct_verdicts,
    _quiet_and_small,
    _something_compared,
)


def problems(notebook: Notebook, path: Path, is_solution: bool) -> list[str]:
    """Everything that is wrong with a notebook; links are followed from `path`."""
    gates = OF_ALL + OF_SOLUTIONS if is_solution else OF_ALL
    return [problem for gate in gates for problem in gate(notebook, path)]


def all_problems(root: Path = ROOT) -> list[str]:
    """Everything that is wrong with the committed notebooks."""
    files = sorted((root / "solutions").glob("*.ipynb")) + sorted((root / "notebooks").glob("*.ipynb"))
    return [
        f"{path.relative_to(root)}: {problem}" for path in files for problem in problems(read(path), path, path.parent.name == "solutions")
    ]


def _prose(notebook: Notebook) -> Iterator[tuple[Notebook, str]]:
    """Markdown cells with their text, code blocks left out."""
    for cell in notebook["cells"]:
        if cell["cell_type"] == "markdown":
            yield cell, FENCE.sub("", cell["source"])


def _html(output: Notebook) -> str:
    return str(output.get("data", {}).get("text/html", ""))

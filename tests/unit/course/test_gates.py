"""Each gate is green on a good notebook and red on one that is wrong in exactly one way."""

import nbformat
import pytest

from lab.course.gates import OF_ALL, OF_SOLUTIONS, all_problems, problems
from lab.course.notebook import code_digest


@pytest.fixture
def good(notebook, markdown, code, result, tmp_path):
    """A notebook without any fault: one checked exercise, one ignored output, one announced error, one picture with words."""
    error = nbformat.v4.new_output("error", ename="ValueError", evalue="no", traceback=[])
    picture = result("<figure>", **{"text/html": '<img alt="A rising line" src="data:">'})
    (tmp_path / "article.md").write_text("")
    return notebook(
        markdown(
            "# One\n\nSee [the article](article.md#part) and ![a picture](article.md).\n\n```\n#### no heading, [no](link)\n```", "top"
        ),
        code('check("speed")', "checked", outputs=[result("✔ speed: correct")], execution_count=1),
        markdown("## Two", "two"),
        code("import time", "timed", ["nbval-ignore-output", "why:timings"], execution_count=2),
        markdown("### Three", "three"),
        code("int('x')", "fails", ["raises-exception", "raises:ValueError"], outputs=[error], execution_count=3),
        markdown("## Four", "four"),
        code("show(figure, 'A rising line')", "plot", outputs=[picture], execution_count=4),
    )


def cell(notebook, id):
    return next(one for one in notebook.cells if one.id == id)


def test_a_good_notebook_has_no_problems(good, tmp_path):
    assert problems(good, tmp_path / "x.ipynb", is_solution=True) == []


def append(id, words):
    return lambda notebook: setattr(cell(notebook, id), "source", cell(notebook, id).source + words)


def tagged(id, *tags):
    return lambda notebook: cell(notebook, id).metadata.update(tags=list(tags))


def counted(id, count):
    return lambda notebook: setattr(cell(notebook, id), "execution_count", count)


def output(id, **output):
    return lambda notebook: setattr(cell(notebook, id), "outputs", [nbformat.from_dict(output)])


def rerun(change):
    """The change, its outputs stored from the changed code."""

    def apply(notebook):
        change(notebook)
        notebook.metadata.lab.ran = code_digest(notebook)

    return apply


def without_prose(notebook):
    notebook.cells.remove(cell(notebook, "two"))
    cell(notebook, "three").source = "## Three"


def ignore_all(notebook):
    for one in notebook.cells:
        if one.cell_type == "code" and one.id != "fails":
            one.metadata["tags"] = ["nbval-ignore-output", "why:lazy"]
    cell(notebook, "fails").metadata["tags"] = ["nbval-ignore-output", "why:lazy", "raises-exception", "raises:ValueError"]


SPECIMENS = {
    "misspelt-tag": (tagged("checked", "exercize"), "checked: tag exercize is unknown"),
    "tag-without-value": (tagged("timed", "nbval-ignore-output", "why:"), "timed: tag why: is unknown"),
    "comment-instead-of-tag": (rerun(append("timed", "\n# NBVAL_IGNORE_OUTPUT")), "timed: an NBVAL_ comment"),
    "heading-jump": (append("two", "\n\n#### Deep"), "two: heading jumps from level 2 to 4"),
    "first-heading-too-deep": (
        lambda notebook: setattr(cell(notebook, "top"), "source", "### One"),
        "top: heading jumps from level 0 to 3",
    ),
    "image-without-alt": (append("two", "\n\n![ ](article.md)"), "two: image without alt"),
    "html-image-without-alt": (append("two", '\n\n<img src="article.md">'), "two: <img> without alt"),
    "output-image-without-alt": (
        output("plot", output_type="display_data", metadata={}, data={"text/html": '<img src="data:">', "text/plain": ""}),
        "plot: <img> without alt",
    ),
    "bare-picture": (
        output("plot", output_type="display_data", metadata={}, data={"image/png": "iVBORw0KGgo=", "text/plain": ""}),
        "plot: picture without alt",
    ),
    "dead-link": (append("two", "\n\n[away](gone.md)"), "two: dead link gone.md"),
    "long-cell": (rerun(append("timed", "\na = 1" * 15)), "timed: 16 lines of code"),
    "long-line": (rerun(append("timed", f"\n{'a' * 91} = 1")), "timed: a line of code over 90"),
    "no-prose": (without_prose, "timed: no prose"),
    "ignored-without-reason": (tagged("timed", "nbval-ignore-output"), "timed: nbval-ignore-output and a why"),
    "reason-without-ignoring": (tagged("timed", "why:timings"), "timed: nbval-ignore-output and a why"),
    "not-run": (counted("timed", None), "timed: was not run"),
    "run-out-of-order": (counted("timed", 7), "timed: count 7 instead of 2"),
    "stale-outputs": (append("timed", "\nimport os"), "notebook: its code changed"),
    "error-without-tag": (tagged("fails"), "fails: raised ['ValueError'], its tags announce nothing"),
    "nothing-raised": (lambda notebook: setattr(cell(notebook, "fails"), "outputs", []), "fails: raised nothing"),
    "another-error-raised": (tagged("fails", "raises-exception", "raises:KeyError"), "fails: raised ['ValueError'], its tags announce"),
    "error-not-named": (tagged("fails", "raises-exception"), "fails: raises-exception and a raises:"),
    "stored-verdict-not-correct": (
        output("checked", output_type="display_data", metadata={}, data={"text/plain": "✘ speed: incorrect"}),
        "checked: the stored verdict of speed",
    ),
    "stderr": (output("plot", output_type="stream", name="stderr", text="warning"), "plot: stored output on stderr"),
    "huge-output": (output("plot", output_type="stream", name="stdout", text="x" * 400_000), "plot: stored output over 300 kB"),
    "nothing-compared": (ignore_all, "notebook: no cell has an output that is compared"),
}


@pytest.mark.parametrize("flaw", SPECIMENS)
def test_a_notebook_wrong_in_one_way_has_one_problem(good, tmp_path, flaw):
    spoil, words = SPECIMENS[flaw]
    spoil(good)
    found = problems(good, tmp_path / "x.ipynb", is_solution=True)
    assert len(found) == 1 and words in found[0], found


def test_every_gate_has_a_specimen(good, tmp_path):
    untested = []
    for gate in OF_ALL + OF_SOLUTIONS:
        specimens = [nbformat.from_dict(good) for _ in SPECIMENS]
        for specimen, (spoil, _) in zip(specimens, SPECIMENS.values(), strict=True):
            spoil(specimen)
        if not any(list(gate(specimen, tmp_path / "x.ipynb")) for specimen in specimens):
            untested.append(gate.__name__)
    assert untested == []


@pytest.mark.parametrize("call", ["check('speed')", 'check( "speed" )', "lab.check('speed', )"])
def test_a_verdict_is_looked_for_however_the_call_is_written(good, tmp_path, call):
    cell(good, "checked").source = call
    cell(good, "checked").outputs = []
    good.metadata.lab.ran = code_digest(good)
    assert problems(good, tmp_path / "x.ipynb", is_solution=True) == ["checked: the stored verdict of speed is not correct"]


def test_a_raw_cell_is_no_obstacle(good, tmp_path):
    raw = nbformat.v4.new_raw_cell("as it is", id="raw")
    good.cells.append(raw)
    assert problems(good, tmp_path / "x.ipynb", is_solution=True) == []


def test_a_blank_is_not_asked_for_a_run(good, tmp_path):
    for one in good.cells:
        if one.cell_type == "code":
            one.execution_count, one.outputs = None, []
    assert problems(good, tmp_path / "x.ipynb", is_solution=False) == []


def test_problems_of_a_project_name_the_file(good, tmp_path):
    counted("timed", None)(good)
    for folder in ("solutions", "notebooks"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "article.md").write_text("")
        (tmp_path / folder / "00_x.ipynb").write_text(nbformat.writes(good))
    assert all_problems(tmp_path) == ["solutions/00_x.ipynb: timed: was not run"]

"""nbval with the gates is green on a good cell and red on one that is wrong in exactly one way."""

import xml.etree.ElementTree as ElementTree

import nbformat
import pytest


def specimen(code, *outputs, tags=(), count=1):
    return nbformat.v4.new_code_cell(code, outputs=list(outputs), execution_count=count, metadata={"tags": list(tags)})


def shown(text):
    return nbformat.v4.new_output("execute_result", {"text/plain": text}, execution_count=1)


def error(name):
    return nbformat.v4.new_output("error", ename=name, evalue="no", traceback=[])


RAISE = "raise ValueError('no')"
IGNORED = ("nbval-ignore-output", "why:test", "raises-exception")
GOOD = {
    "same output": specimen("2 + 2", shown("4")),
    "announced error": specimen(RAISE, error("ValueError"), tags=("raises-exception", "raises:ValueError")),
    "announced error, output ignored": specimen(RAISE, tags=(*IGNORED, "raises:ValueError")),
    "other pixels": specimen("'base64,' + 'B' * 50", shown(f"'base64,{'A' * 50}'")),
}
# Each is wrong in one way; the words are what a contributor then reads.
BAD = {
    "stale output": (specimen("2 + 2", shown("5")), "mismatch 'text/plain'"),
    "output gone": (specimen("a = 4", shown("4")), "Missing output fields"),
    "not run": (specimen("2 + 2", count=None), "no stored run"),
    "nothing raised": (specimen("4", tags=(*IGNORED, "raises:ValueError")), "raised nothing, its tags announce ['ValueError']"),
    "another error": (specimen("raise KeyError", tags=(*IGNORED, "raises:ValueError")), "raised ['KeyError'], its tags announce"),
    "error not announced": (specimen(RAISE, error("ValueError")), "Cell execution caused an exception"),
    "error not named": (specimen(RAISE, error("ValueError"), tags=("raises-exception",)), "its tags announce nothing"),
}


@pytest.fixture(scope="module")
def said(nbval, tmp_path_factory):
    """One run over all specimens: name -> what was said about its cell, nothing when it passed."""
    folder = tmp_path_factory.mktemp("specimens")
    cells = {**GOOD, **{name: bad for name, (bad, _) in BAD.items()}}
    nbformat.write(nbformat.v4.new_notebook(cells=list(cells.values())), folder / "specimens.ipynb")
    nbval(folder, f"--junitxml={folder}/report.xml", f"--rootdir={folder}")
    cases = ElementTree.parse(folder / "report.xml").getroot().iter("testcase")
    return {name: "".join(case.itertext()) for name, case in zip(cells, cases, strict=True)}


@pytest.mark.parametrize("name", GOOD)
def test_a_good_cell_passes(said, name):
    assert said[name] == ""


@pytest.mark.parametrize("name", BAD)
def test_a_bad_cell_fails_in_its_own_words(said, name):
    assert BAD[name][1] in said[name]


@pytest.mark.parametrize(
    ("option", "words"), [("--nbval-lax", "compares nothing"), ("--deselect=good.ipynb::Cell 0", "1 of 2 cells selected")]
)
def test_a_run_that_would_say_nothing_is_refused(nbval, tmp_path, option, words):
    nbformat.write(nbformat.v4.new_notebook(cells=[GOOD["same output"], GOOD["other pixels"]]), tmp_path / "good.ipynb")
    done = nbval(tmp_path, option, f"--rootdir={tmp_path}")  # names of cells begin there
    assert done.returncode == pytest.ExitCode.USAGE_ERROR
    assert words in done.stderr + done.stdout

"""`lab test` counts what ran, and a run that proves nothing is a failure."""

import pytest

from lab.cli import test as lab_test


@pytest.fixture
def kinds(tmp_path, monkeypatch):
    good, bad, skipped, empty, flaky, twice = (
        tmp_path / f"test_{name}.py" for name in ("good", "bad", "skipped", "empty", "flaky", "twice")
    )
    twice.write_text("import pytest\n@pytest.fixture\ndef a():\n    yield\n    assert False\ndef test_a(a): assert False\n")
    flaky.write_text(
        "from pathlib import Path\ndef test_a():\n    mark = Path('ran'); first = not mark.exists(); mark.touch(); assert not first\n"
    )
    good.write_text("def test_a(): pass\ndef test_b(): pass\n")
    bad.write_text("def test_a(): assert False\n")
    skipped.write_text("import pytest\ndef test_a(): pytest.skip('no Docker here')\n")
    empty.write_text("")
    monkeypatch.setattr(lab_test, "ROOT", tmp_path)
    monkeypatch.setattr(
        lab_test,
        "KINDS",
        {path.stem[5:]: [("pytest", "-q", "--disable-plugin-autoload", str(path))] for path in (good, bad, skipped, empty, flaky, twice)},
    )


@pytest.mark.parametrize(("kind", "passed", "failed"), [("good", 2, 0), ("bad", 0, 1), ("skipped", 0, 0), ("empty", 0, 1), ("twice", 0, 1)])
def test_outcomes_are_counted(kinds, kind, passed, failed):
    result = lab_test.run_kind(kind)
    assert (result.passed, result.failed) == (passed, failed)


def test_a_skipped_test_is_named_with_its_reason(kinds):
    assert lab_test.run_kind("skipped").skipped == ["test_a: no Docker here"]


def test_a_test_that_passes_when_run_again_is_named_as_flaky(kinds):
    result = lab_test.run_kind("flaky", again=True)
    assert (result.passed, result.failed, result.flaky) == (1, 0, ["test_flaky.py::test_a"])


@pytest.mark.parametrize(("kind", "again"), [("flaky", False), ("bad", True), ("empty", True)])
def test_nothing_else_is_forgiven(kinds, kind, again):
    result = lab_test.run_kind(kind, again)
    assert (result.passed, result.failed, result.flaky) == (0, 1, [])

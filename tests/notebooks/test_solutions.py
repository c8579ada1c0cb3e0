"""The complete notebooks, run again on a live lab: what they show must still be what comes out."""

import pytest

from lab.settings import ROOT

SOLUTIONS = sorted((ROOT / "solutions").glob("*.ipynb"))


@pytest.mark.timeout(1800)
@pytest.mark.parametrize("path", SOLUTIONS, ids=lambda path: path.stem)
def test_stored_outputs_still_come_out(lab_with_handbook, nbval, engine_if_needed, path):
    engine_if_needed(path)
    done = nbval(path)
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]

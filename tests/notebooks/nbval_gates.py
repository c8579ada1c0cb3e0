"""Gates for a run of nbval: they close what makes a green run say nothing. Load with `-p nbval_gates`.

nbval passes a cell without a stored run unseen, accepts any exception (or none) under `raises-exception` when outputs are not
compared, and runs a selected cell without the cells that it needs. What a file shows without a run, lab.course.gates checks.
"""

from collections import Counter
from pathlib import Path

import pytest
from nbval.plugin import IPyNbCell

HERE = Path(__file__).parent


def pytest_configure(config):
    if config.option.nbval_lax:
        raise pytest.UsageError("--nbval-lax compares nothing by default: use --nbval")
    config.option.nbval_current_env = True  # a kernel of the same name in the user's folder may be another Python
    config.option.nbval_sanitize_with = config.option.nbval_sanitize_with or str(HERE / "sanitize.cfg")


@pytest.hookimpl(trylast=True)  # after the selection by -k
def pytest_collection_modifyitems(items):
    selected = Counter(item.parent for item in items if isinstance(item, IPyNbCell))
    for notebook, count in selected.items():
        total = sum(cell.cell_type == "code" for cell in notebook.nb.cells)
        if count != total:
            raise pytest.UsageError(f"{notebook.path.name}: {count} of {total} cells selected; later cells need the earlier ones")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item):
    result = yield
    if isinstance(item, IPyNbCell):
        _judge(item)
    return result


def _judge(item):
    tags = item.cell.metadata.get("tags", [])
    expected = [tag.partition(":")[2] for tag in tags if tag.startswith("raises:")]
    raised = [output.ename for output in item.test_outputs or [] if output.output_type == "error"]
    if raised != expected:
        item.raise_cell_error(f"raised {raised or 'nothing'}, its tags announce {expected or 'nothing'}")
    if item.cell.execution_count is None and item.cell.source.strip():
        item.raise_cell_error("it has no stored run, so nothing was compared")

"""Limits of tests on a Docker Engine: the first of a lab builds images and fills volumes, which takes minutes on a slow machine."""

from pathlib import Path

import pytest

HERE = Path(__file__).parent
LIMIT = 1200  # seconds for one test with the fixtures that it is the first to need


def pytest_collection_modifyitems(items):
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.timeout(LIMIT))

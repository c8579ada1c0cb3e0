"""A Chroma of these tests alone: a backup holds all collections, those of other tests too."""

import pytest

from lab.rag.pipeline import Rag
from lab.settings import load_settings
from tests.integration.backup.servers import chroma_server


@pytest.fixture(scope="module")
def own_lab(running_lab, free_port, tmp_path_factory):
    with chroma_server(tmp_path_factory.mktemp("chroma"), free_port()) as port:
        yield load_settings(**{**running_lab.model_dump(), "chroma_port": port, "collection": "backed-up"})


@pytest.fixture(scope="module")
def make_own():
    return Rag.open

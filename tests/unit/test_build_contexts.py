"""What a Dockerfile copies from the project's root gets past its list of what may go to the engine."""

import pytest
from docker.utils import exclude_paths

from lab.settings import ROOT

FILES = ("api/Dockerfile", "jupyter/Dockerfile", "docker-proxy/Dockerfile", "ci/stand-ins/ollama/Dockerfile")


def sources(file):
    """What the file's COPY lines name, but for what they take from other stages."""
    for line in (ROOT / file).read_text("utf-8").splitlines():
        if line.startswith("COPY ") and "--from" not in line:
            yield from [word for word in line.split()[1:] if not word.startswith("--")][:-1]


def sent(file):
    """Paths that reach the engine. A list beside the Dockerfile wins over the project's."""
    own = ROOT / f"{file}.dockerignore"
    lines = (own if own.exists() else ROOT / ".dockerignore").read_text("utf-8").splitlines()
    return exclude_paths(ROOT, [line for line in lines if line and not line.startswith("#")])


@pytest.mark.parametrize("file", FILES)
def test_every_source_of_a_copy_reaches_the_engine(file):
    found = sent(file)
    assert [source for source in sources(file) if source != "." and source not in found] == []


@pytest.mark.parametrize("file", FILES)
def test_neither_tests_nor_state_nor_secrets_reach_the_engine(file):
    first = {path.split("/")[0] for path in sent(file)}
    assert first & {".env", ".git", ".lab", ".venv", "notebooks", "tests"} == set()

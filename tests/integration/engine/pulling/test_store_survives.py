"""The store after the worst: a killed process, a full disk."""

import os
import random
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from lab.engine.errors import EngineError
from lab.engine.pull import pull
from lab.engine.store import Store

WEIGHTS = random.Random(2).randbytes(3_000_000)
# Pulls a model and prints how that ended, with the hint. Arguments: store, registry, largest file in bytes.
PULL = """
import resource, sys
from pathlib import Path
from lab.engine.errors import EngineError
from lab.engine.pull import pull
from lab.engine.store import Store
if limit := int(sys.argv[3]):
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
try:
    print(list(pull(Store(Path(sys.argv[1])), "tiny", registry=sys.argv[2]))[-1]["status"])
except EngineError as error:
    print(error.status, error.message, error.hint)
"""


@pytest.fixture
def digest(registry):
    return registry.add("library/tiny:latest", WEIGHTS)


def start_pull(store, registry, limit=0):
    command = [sys.executable, "-c", PULL, str(store.root), registry.url, str(limit)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def result_of(process):
    with process:
        return process.communicate(timeout=60)[0].strip()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of one megabyte."""
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(tmp_path)], capture_output=True).returncode:
        pytest.skip("mounting a small tmpfs needs root; the same case runs with a limit on the size of files")
    yield tmp_path
    subprocess.run(["umount", str(tmp_path)], check=True)


def test_pull_after_kill_9_goes_on_and_ends_well(store, registry, digest, wait_until):
    registry.slow = threading.Event()
    process = start_pull(store, registry)
    part = store.partial_path(digest)
    wait_until(lambda: part.exists() and part.stat().st_size > 100_000, "a part of the download")
    os.kill(process.pid, signal.SIGKILL)
    result_of(process)
    assert store.list() == [] and not store.has_blob(digest)
    registry.slow.set()
    assert list(pull(store, "tiny", registry=registry.url))[-1] == {"status": "success"}
    assert registry.gets(digest)[-1].startswith("bytes=")
    assert store.get("tiny").gguf.read_bytes() == WEIGHTS


def test_full_disk_ends_the_pull_with_the_next_action_and_no_junk(small_disk, registry, digest):
    store = Store(small_disk / "models")
    said = result_of(start_pull(store, registry))
    assert said.startswith(f"500 no space left on device: {store.root}")
    assert "OLLAMA_MODELS" in said
    assert not list(store.blobs.iterdir()) and store.list() == []


def test_file_that_may_not_grow_counts_as_a_full_disk(store, registry, digest):
    assert result_of(start_pull(store, registry, limit=1_000_000)).startswith("500 no space left on device")
    assert not list(store.blobs.iterdir()) and store.list() == []
    assert result_of(start_pull(store, registry)) == "success"


def test_full_disk_while_a_package_is_copied_leaves_no_junk(small_disk):
    store = Store(small_disk / "models")
    with pytest.raises(EngineError, match="no space left on device"):
        list(pull(store, "smollm2:135m"))
    assert not list(store.blobs.iterdir()) and store.list() == []


def test_full_disk_while_weights_are_converted_leaves_no_junk(small_disk):
    store = Store(small_disk / "models")
    with pytest.raises(EngineError, match="no space left on device"):
        list(pull(store, "all-minilm"))
    assert not list(store.blobs.iterdir()) and store.list() == []


def test_folder_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "models").write_text("a file is in the way")
    with pytest.raises(EngineError, match="the models folder cannot be used"):
        Store(tmp_path / "models").add_blob(b"x")

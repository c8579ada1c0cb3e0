"""An ingest that is killed again and again, and goes on each time."""

import multiprocessing
import os
import random
import time
from pathlib import Path
from typing import Any

import numpy as np

from lab.rag.embed import Embedder
from lab.rag.embed_many import REQUESTS
from lab.rag.index import BEHIND
from lab.rag.pipeline import Rag
from lab.settings import load_settings

DOCUMENTS, KILLS, SMALL = 400, 20, 4


def ingest(values: dict[str, Any], folder: Path, counter: Path) -> None:
    """Runs in a process of its own. Each embedded text is one more byte in the file `counter`."""
    from lab.rag import embed_stream

    embed_stream.BATCH = SMALL
    embed = Embedder.batch

    def counted(self: Embedder, texts: list[str]) -> list[list[float] | None]:
        found = embed(self, texts)
        file = os.open(counter, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        os.write(file, b"x" * len(texts))
        os.close(file)
        return found

    Embedder.batch = counted  # type: ignore[method-assign]
    Rag.open(load_settings(**values)).ingest(folder)


def size(file: Path) -> int:
    return file.stat().st_size if file.exists() else 0


def content(rag: Rag) -> dict[str, tuple[str, Any]]:
    return {one["id"]: (one["document"], one["embedding"]) for one in rag.store.make().records("document", "embedding")}


def test_an_ingest_killed_twenty_times_ends_as_one_that_was_not(make_rag, running_lab, tmp_path, wait_until, capsys):
    folder, counter = tmp_path / "docs", tmp_path / "embedded"
    folder.mkdir()
    for number in range(DOCUMENTS):
        (folder / f"{number:03}.md").write_text(f"# Service {number}\n\nIt listens on port {8000 + number}.\n")
    rag, chance = make_rag(collection="rag-killed"), random.Random(6)
    server = multiprocessing.get_context("forkserver")
    server.set_forkserver_preload(["lab.rag.pipeline", "langchain_chroma", __name__])
    killed = 0
    while killed < KILLS:
        before = size(counter)
        process = server.Process(target=ingest, args=(rag.settings.model_dump(), folder, counter))
        process.start()
        wait_until(lambda: size(counter) > before or not process.is_alive(), "an embedded text", timeout=60)  # noqa: B023
        time.sleep(chance.uniform(0, 0.1))  # the random moment
        assert process.is_alive(), f"it was done after {killed} kills: take more documents"
        process.kill()
        process.join()
        killed += 1
    report = rag.ingest(folder)
    embedded = size(counter) + report.embedded
    with capsys.disabled():
        print(f"\n{killed} kills; {embedded - DOCUMENTS} of {DOCUMENTS} texts embedded again")
    whole = make_rag(collection="rag-not-killed")
    whole.ingest(folder)
    left, right = content(rag), content(whole)
    assert len(left) == DOCUMENTS
    assert {id: text for id, (text, _) in left.items()} == {id: text for id, (text, _) in right.items()}
    assert all(np.allclose(left[id][1], right[id][1], atol=1e-4) for id in right)
    assert embedded - DOCUMENTS <= killed * SMALL * (REQUESTS + BEHIND + 2)


def test_questions_are_answered_while_an_ingest_runs(make_rag, folder, tmp_path):
    rag, asking = make_rag(collection="rag-asked-meanwhile"), make_rag(collection="rag-asked-meanwhile")
    rag.ingest(folder)
    for number in range(60):
        (folder / f"more-{number}.md").write_text(f"# Zebra {number}\n\nZebra {number} has {number} stripes.\n")
    found = []

    def ask(done: int, total: int, document: str) -> None:
        hits = asking.search("Are models in a named volume deleted with the container?", k=1)
        found.append(hits[0].source)

    rag.ingest(folder, on_progress=ask)
    assert len(found) >= 2
    assert set(found) == {"volumes.md"}
    assert asking.search("How many stripes has zebra 31?", k=1)[0].source == "more-31.md"

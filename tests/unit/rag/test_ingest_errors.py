"""Batches that the model server refuses, for a while or for good."""

import gc
import json

import httpx
import ollama
import pytest

from lab.errors import ServiceError
from lab.rag.documents import load, scan
from lab.rag.embed import BATCH
from lab.rag.embed_many import REQUESTS, TRIES, Refused, vectors
from lab.rag.index import AHEAD
from lab.rag.pending import Pending
from tests.unit.rag.test_index import held


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch):
    monkeypatch.setattr("lab.rag.embed_many.LONGEST_WAIT", 0.0)


def answering(index, fake, refuse):
    """The fake server behind `refuse`, which answers a request itself or gives None."""

    def answer(request):
        texts = json.loads(request.content).get("input", []) if request.url.path == "/api/embed" else []
        return (refuse(texts) if texts else None) or fake(request)

    index.embedder.client = ollama.Client("http://fake", transport=httpx.MockTransport(answer))
    return index


def failing(times, status=500):
    """Refuses the first requests."""
    left = iter(range(times))
    return lambda texts: httpx.Response(status, json={"error": "server busy"}) if next(left, None) is not None else None


def poison(word, status=500):
    """Refuses every request with a text that has this word."""
    return lambda texts: httpx.Response(status, json={"error": "NaN"}) if any(word in text for text in texts) else None


def test_a_server_that_is_busy_for_a_moment_is_asked_again(make_index, folder, fake):
    report = answering(make_index(), fake, failing(TRIES - 1, 503)).sync(load(folder, 5))
    assert (report.embedded, report.problems) == (4, [])


def test_a_document_that_the_server_refuses_is_reported_and_the_others_are_stored(make_index, folder, fake):
    index = answering(make_index(), fake, poison("survives"))
    report = index.sync(load(folder, 5))
    assert [problem.document for problem in report.problems] == ["volumes.md"]
    assert (report.documents, report.added, report.chunks, len(held(index))) == (2, 2, 3, 3)


def test_a_refused_document_keeps_what_was_stored_of_it(make_index, folder, fake):
    make_index().sync(load(folder, 5))
    (folder / "volumes.md").write_text("# Volumes\n\nA poisoned text.\n")
    index = answering(make_index(), fake, poison("poisoned"))
    report = index.sync(load(folder, 5))
    assert (report.changed, len(report.problems)) == (0, 1)
    assert any("survives" in text for text in held(index).values())


def test_a_refused_document_is_tried_again_by_the_next_ingest(make_index, folder, fake):
    answering(make_index(), fake, poison("survives")).sync(load(folder, 5))
    assert make_index().sync(load(folder, 5)).added == 1


def test_what_the_server_says_about_the_request_is_not_tried_again(make_embedder, fake):
    asked = []

    def answer(request):
        asked.append(request)
        return httpx.Response(400, json={"error": "invalid input"})

    embedder = make_embedder()
    embedder.client = ollama.Client("http://fake", transport=httpx.MockTransport(answer))
    assert isinstance(vectors(embedder, ["one"])[0], Refused)
    assert len(asked) == 1


def test_a_server_that_refuses_everything_ends_the_ingest(make_index, folder, fake):
    with pytest.raises(ServiceError, match="server busy"):
        answering(make_index(), fake, failing(10_000)).sync(load(folder, 5))


def test_a_server_that_is_away_ends_the_ingest(make_index, folder, fake):
    def away(texts):
        raise httpx.ConnectError("refused")

    with pytest.raises(ServiceError, match="does not answer"):
        answering(make_index(), fake, away).sync(load(folder, 5))


def test_a_text_that_may_be_too_long_is_asked_for_alone(make_index, folder, fake):
    (folder / "long.txt").write_text("!?" * 99)
    make_index().sync(load(folder, 5))
    assert [len(batch) for batch in fake.batches if any("!?" in text for text in batch)] == [1]


def test_a_large_document_is_stored_in_parts(make_index, tmp_path, fake, monkeypatch):
    monkeypatch.setattr("lab.rag.embed_stream.BATCH", 2)
    monkeypatch.setattr("lab.rag.embed_stream.SAVE", 4)
    folder = tmp_path / "large"
    folder.mkdir()
    (folder / "large.md").write_text("".join(f"# Part {n}\n\nText number {n}.\n\n" for n in range(20)))
    index = answering(make_index(), fake, lambda texts: httpx.Response(500, json={"error": "NaN"}) if "Part 15" in "".join(texts) else None)
    index.sync(load(folder, 5))
    kept = len(held(index))
    report = make_index().sync(load(folder, 5))
    assert kept >= 8
    assert (report.reused, report.embedded, len(held(index))) == (kept, 20 - kept, 20)


def test_memory_does_not_grow_with_the_number_of_documents(make_index, tmp_path, fake):
    folder, most = tmp_path / "many", []
    folder.mkdir()
    for number in range(600):
        (folder / f"{number}.txt").write_text(f"Text number {number}.")

    def look(done, total, source):
        most.append(sum(isinstance(one, Pending) for one in gc.get_objects()))

    make_index().sync(scan(folder, 5), look)
    assert len(most) > 10
    assert max(most) <= AHEAD + (REQUESTS + 2) * BATCH

"""The first ingest of the handbook against embedding the same chunks and nothing else; then the same ingest again."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import ollama

from benchmarks.measure import Row, median_ratio, seconds, spread, take_turns
from benchmarks.servers import lab
from lab.settings import Settings, load_settings

ROUNDS = 3


def texts_of(settings: Settings) -> list[str]:
    """The texts that the index embedded, read back from Chroma."""
    import chromadb

    client = chromadb.HttpClient(settings.chroma_host, settings.chroma_port)
    return list(client.get_collection(settings.collection).get(include=["documents"])["documents"] or [])


def rows() -> Iterator[Row]:
    """Throughput of the first ingest, cost of the second, embeddings of the second."""
    from lab.rag.pipeline import Rag

    with lab() as settings, tempfile.TemporaryDirectory() as folder:
        corpus = shutil.copytree(settings.corpus, Path(folder) / "corpus")
        client = ollama.Client(settings.ollama_host)
        client.embed(settings.embed_model, "load the model before the clock starts")
        number, last = iter(range(100)), settings

        def first() -> float:
            nonlocal last
            last = load_settings(collection=f"round-{next(number)}")
            rag = Rag.open(last)
            return seconds(lambda: rag.ingest(corpus))

        def raw() -> float:
            return seconds(lambda: [client.embed(settings.embed_model, texts[i : i + 32]) for i in range(0, len(texts), 32)])

        first()  # the first one of a process also pays for imports; it gives the texts to compare with
        texts = texts_of(last)
        ours, theirs = take_turns(first, raw, rounds=ROUNDS)
        note = f"{len(texts)} chunks; ingest {spread(ours)} s, raw {spread(theirs)} s"
        yield Row("ingest: raw embedding / first ingest (time)", median_ratio(theirs, ours), 0.95, "at least", note=note)

        rag = Rag.open(last)
        again = [seconds(lambda: rag.ingest(corpus)) for _ in range(ROUNDS)]
        note = f"{spread([1000 * value for value in again])} ms against {spread(ours)} s"
        yield Row("ingest: again / first (time)", sorted(again)[1] / sorted(ours)[1], 0.02, "at most", note=note)
        yield Row("ingest: chunks embedded again", rag.ingest(corpus).embedded, 0, "at most", unit="chunks")

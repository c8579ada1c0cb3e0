"""The first ingest of the handbook against embedding the same chunks and nothing else, and against embedding them twice.

Then the same ingest again, and what batch size and requests at once do to the rate.
"""

import shutil
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import ollama

from benchmarks.measure import Row, median_ratio, seconds, spread, take_turns
from benchmarks.servers import lab
from lab.rag.pipeline import Rag
from lab.rag.stores.collection import pages
from lab.settings import Settings, load_settings

ROUNDS = 3
FILES, PART = 20, 64  # articles and chunks for the comparisons of batches
TUTORIAL = {"size": 50, "at_once": 4}  # batches as the indexer of tutorials has them by default
SIZES, AT_ONCE = (1, 8, 32, 64), (1, 2, 4)


def texts_of(settings: Settings) -> list[str]:
    """The texts that the index embedded, read back from Chroma."""
    import chromadb

    client = chromadb.HttpClient(settings.chroma_host, settings.chroma_port)
    return list(client.get_collection(settings.collection).get(include=["documents"])["documents"] or [])


def rows() -> Iterator[Row]:
    """Throughput of the first ingest, cost of the second, embeddings of the second."""
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

        yield _against_twice(settings, corpus, Path(folder) / "part")
        yield from _rates(settings, texts[:PART])

        rag = Rag.open(last)
        again = [seconds(lambda: rag.ingest(corpus)) for _ in range(ROUNDS)]
        note = f"{spread([1000 * value for value in again])} ms against {spread(ours)} s"
        yield Row("ingest: again / first (time)", sorted(again)[1] / sorted(ours)[1], 0.02, "at most", note=note)
        yield Row("ingest: chunks embedded again", rag.ingest(corpus).embedded, 0, "at most", unit="chunks")


def _against_twice(settings: Settings, corpus: Path, folder: Path) -> Row:
    """The indexer of the tutorials: it computes vectors, throws them away, and lets the store compute them again, in four threads."""
    import chromadb
    from langchain_chroma import Chroma
    from langchain_ollama import OllamaEmbeddings

    folder.mkdir()
    for file in sorted(corpus.glob("*.md"))[:FILES]:
        shutil.copy(file, folder)
    embeddings = OllamaEmbeddings(model=settings.embed_model, base_url=settings.ollama_host)
    client = chromadb.HttpClient(settings.chroma_host, settings.chroma_port)
    store, number, last = Chroma("twice", embeddings, client=client), iter(range(100)), settings

    def once() -> float:
        nonlocal last
        last = load_settings(collection=f"once-{next(number)}")
        rag = Rag.open(last)
        return seconds(lambda: rag.ingest(folder))

    once()
    parts = [list(part) for part in pages(texts_of(last), TUTORIAL["size"])]

    def index(part: list[str]) -> None:
        embeddings.embed_documents(part)
        store.add_texts(part)

    def twice() -> float:
        with ThreadPoolExecutor(TUTORIAL["at_once"]) as pool:
            return seconds(lambda: list(pool.map(index, parts)))

    ours, theirs = take_turns(once, twice, rounds=ROUNDS)
    note = f"{sum(map(len, parts))} chunks; ingest {spread(ours)} s, embedding twice {spread(theirs)} s"
    return Row("ingest: embedding twice / ingest (time)", median_ratio(theirs, ours), 2, "at least", note=note)


def _rates(settings: Settings, texts: list[str]) -> Iterator[Row]:
    """Texts per second against batch size and requests at once: told, and the lab's own choice compared with the best."""
    client = ollama.Client(settings.ollama_host)

    def rate(size: int, at_once: int) -> float:
        def work() -> None:
            with ThreadPoolExecutor(at_once) as pool:
                list(pool.map(lambda part: client.embed(settings.embed_model, part), pages(texts, size)))

        return len(texts) / seconds(work)

    found = {(size, at_once): rate(size, at_once) for size in SIZES for at_once in AT_ONCE}
    note = "; ".join(f"batch {size}: " + ", ".join(f"{found[size, many]:.1f}" for many in AT_ONCE) for size in SIZES)
    said = f"texts/s with {', '.join(map(str, AT_ONCE))} requests at once: {note}"
    yield Row("ingest: rate of the lab's batches / best measured", found[32, 2] / max(found.values()), 0.7, "at least", note=said)

"""What the pipeline costs a question beyond embedding, searching and generating."""

import statistics
from collections.abc import Iterator

from benchmarks.measure import Row, spread
from benchmarks.servers import lab

QUESTIONS = (
    "Are my models deleted when I remove the container?",
    "Which port does Chroma listen on?",
    "How do I compute tokens per second?",
    "What does keep_alive do?",
    "Why is a healthcheck with curl not healthy?",
    "What is the unit of chunk_size?",
    "How do I back up a Chroma database?",
)


def rows() -> Iterator[Row]:
    """Median over questions, each asked twice, in milliseconds."""
    from lab.rag.pipeline import Rag

    with lab() as settings:
        rag = Rag.open(settings)
        rag.ingest(settings.corpus)
        rag.ask(QUESTIONS[0])  # loads the chat model
        timings = [rag.ask(question).timings for question in QUESTIONS * 2]
    over = [t["total"] - t["embed"] - t["search"] - t["generate"] for t in timings]
    note = f"overhead {spread(over)} ms of {spread([t['total'] for t in timings])} ms"
    yield Row("query: overhead of the pipeline, p50", statistics.median(over), 10, "at most", unit="ms", note=note)

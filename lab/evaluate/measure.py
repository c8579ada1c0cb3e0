"""A whole run: questions in, figures out."""

import asyncio
import hashlib
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from lab.evaluate import runs
from lab.evaluate.judge import Judge
from lab.evaluate.judged import judge_answers
from lab.evaluate.questions import Question, digest, require_articles
from lab.evaluate.run import MODES, Progress, answer, asked_about, of_modes, open_mode
from lab.evaluate.summary import summarise
from lab.rag.documents import QUESTIONS
from lab.settings import Settings

if TYPE_CHECKING:
    from langchain_core.documents import Document

    from lab.rag.pipeline import Rag

LONGEST_REPLY = 300  # tokens: points and one sentence, with room for a wordy model


def questions_file(settings: Settings) -> Path:
    """Where the questions of the documents are."""
    return settings.corpus / QUESTIONS


def evaluate(
    settings: Settings,
    questions: list[Question],
    progress: Progress,
    modes: Iterable[str] = MODES,
    answers: bool = True,
    judge: str = "",
) -> runs.Run:
    """Measure retrieval in these modes, and the answers in the mode of the settings; the model `judge` gives them points.

    With a judge it cannot be called inside a running event loop, such as a notebook's: use `judge_answers` there.
    """
    from lab.rag.split import body

    began = datetime.now(UTC)
    known = models(settings, judge)  # first, so that a model that is not there costs no run
    rag = prepare(settings, questions, progress)
    passages = indexed(rag)
    every = [(one.metadata["source"], one.metadata["section"], body(one)) for one in passages]
    retrieval = of_modes(settings, modes, questions, every, progress)
    rows = answer(rag, questions, progress) if answers else []
    if judge:
        asyncio.run(judge_answers(_judge(settings, judge), questions, rows, progress))
    return {
        "name": "this run",
        "time": began.isoformat(timespec="seconds"),
        "settings": runs.deciding(settings),
        "models": known,
        "documents": _digest(f"{one.metadata['source']}\n{one.page_content}" for one in documents(settings)),
        "corpus": _digest(sorted(one.id or "" for one in passages)),  # another one also when the same documents are cut in another way
        "questions": digest(questions),
        "summary": summarise(retrieval, rows),
        "retrieval": retrieval,
        "answers": rows,
    }


def prepare(settings: Settings, questions: list[Question], progress: Progress) -> "Rag":
    """A pipeline whose index holds the documents as they are now. Questions about what they do not have are refused."""
    require_articles(questions, settings.corpus)
    rag = open_mode(settings, settings.retrieval_mode)
    rag.ingest(settings.corpus, lambda done, total, document: progress(done, total, f"indexing {document}"))
    return rag


def documents(settings: Settings) -> list["Document"]:
    """The documents of the settings, whole."""
    from lab.rag.documents import load

    return list(load(settings.corpus, settings.max_document_mb).documents)


def indexed(rag: "Rag") -> list["Document"]:
    """The passages of these documents as they stand in the index: what the embedding model cannot read whole is cut there again."""
    from langchain_core.documents import Document

    collection = rag.store.collection()
    where = {name: [value] for name, value in asked_about(rag).items()}
    records = collection.records("document", "metadata", where=where) if collection else iter(())
    return [Document(one["document"], id=one["id"], metadata=one["metadata"]) for one in records]


def _digest(parts: Iterable[str]) -> str:
    return hashlib.sha256("".join(parts).encode()).hexdigest()


def _judge(settings: Settings, model: str) -> Judge:
    """A model of the lab's server as judge of what its chat model wrote."""
    from lab.rag.chat_model import chat_model

    llm = chat_model(settings.model_copy(update={"chat_model": model}), num_predict=LONGEST_REPLY)
    return Judge(llm, generator=settings.chat_model)


def models(settings: Settings, judge: str = "") -> dict[str, str]:
    """Digests of the models: the same name may mean other weights tomorrow. Raises an error that names a judge that is not there."""
    from lab.rag.connections import ollama_client, ollama_errors

    client = ollama_client(settings)
    with ollama_errors(settings, judge or settings.chat_model):
        if judge:
            client.show(judge)
        known = {one.model: one.digest or "" for one in client.list().models}
    names = {"chat": settings.chat_model, "embedding": settings.embed_model} | ({"judge": judge} if judge else {})
    return {role: known.get(name if ":" in name else f"{name}:latest", "") for role, name in names.items()}

"""What /ingest and /rag read and answer."""

from typing import Literal

from pydantic import BaseModel, Field

from lab.rag.answer import Answer, IngestReport, State
from lab.service.models.examples import CITED, QUESTION, shown
from lab.service.models.words import Words


class Text(BaseModel):
    """A text for the index."""

    model_config = shown({"text": "Chroma listens on port 8000.", "source": "ports.md"})

    text: Words
    source: Words = Field("", description="Where it comes from: shown with answers, and a new text from there replaces the old one.")


class Ingested(BaseModel):
    """What became of a text."""

    model_config = shown({"status": "success", "message": "Ingested 1 chunks.", "chunks": 1, "new_chunks": 1})

    status: Literal["success"] = "success"
    message: str
    chunks: int = Field(description="of this text in the index")
    new_chunks: int = Field(description="of these, were not in the index before")

    @classmethod
    def of(cls, report: IngestReport) -> "Ingested":
        """From the report of an ingest of one text."""
        new = report.chunks if report.added else report.embedded
        return cls(message=f"Ingested {report.chunks} chunks.", chunks=report.chunks, new_chunks=new)


class Question(BaseModel):
    """A question."""

    model_config = shown(QUESTION)

    query: Words


class Source(BaseModel):
    """A passage that an answer rests on."""

    model_config = shown(CITED)

    document: str
    section: str
    text: str


class Answered(BaseModel):
    """An answer. `state`: grounded (its sources support it), quoted (their own words), refused (no passage answers)."""

    model_config = shown({"answer": "Chroma listens on port 8000.", "sources": [CITED], "state": "grounded"})

    answer: str
    sources: list[Source]
    state: State

    @classmethod
    def of(cls, answer: Answer) -> "Answered":
        """From the pipeline's answer."""
        sources = [Source(document=one.document, section=one.section, text=one.text) for one in answer.citations]
        return cls(answer=answer.answer, sources=sources, state=answer.state)

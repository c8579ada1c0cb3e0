"""A question with its options, and the answer with the passages that were found."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, Discriminator, Field, Tag

from lab.rag.answer import Answer, State
from lab.rag.retrieve import Hit
from lab.rag.search import Found
from lab.service.models.examples import ANSWER, FILTERED, FOUND, QUESTION, shown
from lab.service.models.words import MOST_VALUES, Asked, CollectionName, FieldName, Value

MOST_PASSAGES = 50
Several = Annotated[list[Value], Field(min_length=1, max_length=MOST_VALUES)]
# which of the two is told by its form, so that an error is about that one
OneOrSeveral = Annotated[
    Annotated[Value, Tag("value")] | Annotated[Several, Tag("values")],
    Discriminator(lambda given: "values" if isinstance(given, list) else "value"),
]
Filters = Annotated[dict[FieldName, OneOrSeveral], Field(max_length=10)]


class QueryRequest(BaseModel):
    """A question. Fields that are not named here are refused: a misspelt one would change nothing, unnoticed."""

    model_config = shown(QUESTION, FILTERED, strict=True)

    query: Asked
    top_k: int = Field(5, strict=True, ge=1, le=MOST_PASSAGES, description="passages to look for")
    filters: Filters | None = Field(
        None,
        description="Only passages with these values are looked at. Fields: `folder`, `source`, `section`, `script`, and those that "
        "documents brought as `metadata`. Several fields must all fit; of a list, one value must.",
    )
    collection_name: CollectionName | None = Field(None, description="what /index wrote into; without it, the collection of the settings")
    stream: bool = Field(False, strict=True, description="answer as server-sent events; so does the header `Accept: text/event-stream`")


class SearchResult(BaseModel):
    """A passage that was found."""

    model_config = shown(FOUND)

    content: str
    score: float = Field(ge=0, le=1, description="similarity to the question, 0 to 1; higher is better, 1 is the same direction")
    metadata: dict[str, Any] = Field(description="`source`, `section`, `title`, `folder`, and what its document brought")
    cited: bool = Field(False, description="the answer rests on it")

    @classmethod
    def of(cls, hit: Hit, cited: bool = False) -> "SearchResult":
        """From a passage of the pipeline. Chroma's distance is 0 for the same direction; this is the other way round."""
        metadata = {"source": hit.source, "section": hit.section, "title": hit.title, "folder": hit.folder, **hit.own}
        return cls(content=hit.text, score=round(min(max(hit.score, 0.0), 1.0), 6), metadata=metadata, cited=cited)


class QueryResponse(BaseModel):
    """An answer. `state`: grounded (its sources support it), quoted (their own words), refused (no passage answers)."""

    model_config = shown(ANSWER)

    answer: str
    state: State
    sources: list[SearchResult] = Field(description="what was found, best first by meaning and words together")
    processing_time: float = Field(ge=0, description="seconds")
    timings: dict[str, float] = Field(description="milliseconds: embed, search, generate, ground, total")
    tokens: dict[str, int] = Field({}, description="that the chat model read (prompt) and wrote (completion); empty: it was not asked")
    notes: list[str] = Field([], description="what a reader should know besides, like a prompt that had to be cut")
    cached: Literal[False, "memory", "redis", "likeness"] = Field(False, description="where the answer was kept; false: it was made now")

    @classmethod
    def of(cls, found: Found, answer: Answer) -> "QueryResponse":
        """From what the pipeline found and answered."""
        cited = {(one.document, one.section, one.text) for one in answer.citations}
        sources = [SearchResult.of(hit, (hit.source, hit.section, hit.text) in cited) for hit in found.hits]
        timings = answer.timings
        return cls(
            answer=answer.answer,
            state=answer.state,
            sources=sources,
            processing_time=timings.get("total", 0.0) / 1000,
            timings=timings,
            tokens=found.trace.tokens,
            notes=answer.notes,
            cached=False,
        )

"""A second look at the passages that were found: something slower reads each beside the question and orders them anew."""

import math
import re
from typing import Protocol

import httpx
from pydantic import BaseModel, Field, ValidationError

from lab.errors import ServiceError, SettingError
from lab.rag.chat_model import Helper
from lab.rag.embed import Embedder
from lab.rag.rerank_sentences import SentenceReranker
from lab.rag.retrieve import Hit, Ranking
from lab.settings import Settings

NO_SCORE = -1.0  # below the chat model's 0 to 10: a passage without a score stays behind all others, in the order that was
SECRET = re.compile(r"//.*@")  # name and password in an address


class Reranker(Protocol):
    """Scores passages for one question."""

    def score(self, question: str, hits: list[Hit]) -> list[float]:
        """A score for each passage; larger is better, and no scale is promised."""


class Score(BaseModel):
    """What the chat model has to answer."""

    score: int = Field(ge=0, le=10)


class ChatReranker:
    """The chat model reads one passage at a time and gives it 0 to 10.

    The smallest one, smollm2:135m, gives every passage the same number, so the order stays and the seconds are lost.
    """

    def __init__(self, helper: Helper):
        self.helper = helper

    def score(self, question: str, hits: list[Hit]) -> list[float]:
        """Scores from 0 to 10; NO_SCORE where the model wrote something else."""
        return [self._one(question, hit) for hit in hits]

    def _one(self, question: str, hit: Hit) -> float:
        passage = f"{hit.headed}\n{hit.text}"
        try:
            written = self.helper.write("rerank", Score.model_json_schema(), question=question, passage=passage)
            return Score.model_validate_json(written).score
        except ValidationError:
            return NO_SCORE


class EndpointReranker:
    """A model that was made for it, behind POST /rerank as llama.cpp's server, Jina and others have it."""

    def __init__(self, settings: Settings):
        self.settings = settings
        if not settings.rerank_url:
            hint = "Set RERANK_URL, for example http://127.0.0.1:8080 (llama-server --reranking), or RERANK=llm."
            raise SettingError("RERANK=endpoint needs the address of a server that has /rerank; RERANK_URL is empty.", hint)

    def score(self, question: str, hits: list[Hit]) -> list[float]:
        """The server's relevance scores; below all of them where it gave none."""
        documents = [f"{hit.headed}\n{hit.text}" for hit in hits]
        body = {"query": question, "documents": documents, "top_n": len(documents)}
        scores = self._ask(body | ({"model": self.settings.rerank_model} if self.settings.rerank_model else {}))
        none = min(scores.values(), default=0.0) - 1  # a server's scale may reach far below NO_SCORE
        return [scores.get(place, none) for place in range(len(hits))]

    def _ask(self, body: dict[str, object]) -> dict[int, float]:
        url = f"{self.settings.rerank_url.rstrip('/')}/rerank"
        shown = SECRET.sub("//", url)
        hint = "Start a server that has it, correct RERANK_URL, or set RERANK=sentences or RERANK=none."
        try:
            answer = httpx.post(url, json=body, timeout=self.settings.request_timeout)
            answer.raise_for_status()
            return {int(one["index"]): _finite(one["relevance_score"]) for one in answer.json()["results"]}
        except httpx.HTTPStatusError as error:
            told = "has no such route" if error.response.status_code == 404 else f"answered {error.response.status_code}"
            raise ServiceError(f"The server at {shown} {told}.", hint) from error
        except httpx.InvalidURL as error:  # what it says may hold a part of the password
            raise ServiceError(f"RERANK_URL={SECRET.sub('//', self.settings.rerank_url)} is not an address.", hint) from error
        except httpx.HTTPError as error:
            raise ServiceError(f"No reranker answers at {shown}: {error}.", hint) from error
        except (ValueError, KeyError, TypeError, OverflowError) as error:
            what = "results with an index and a finite relevance_score are missing"
            raise ServiceError(f"What answers at {shown} is no reranker: {what}.", hint) from error


def _finite(score: object) -> float:
    """NaN and infinity have no place in an order."""
    number = float(score)  # type: ignore[arg-type]
    if not math.isfinite(number):
        raise ValueError(number)
    return number


def reranker(settings: Settings, helper: Helper, embedder: Embedder) -> Reranker | None:
    """The one that RERANK names."""
    if settings.rerank == "none":
        return None
    if settings.rerank == "sentences":
        return SentenceReranker(embedder)
    return ChatReranker(helper) if settings.rerank == "llm" else EndpointReranker(settings)


def reorder(hits: list[Hit], scores: list[float]) -> tuple[list[Hit], Ranking]:
    """Best score first; equal ones keep their order. The hits, and their scores."""
    order = sorted(zip(scores, hits, strict=True), key=lambda one: -one[0])
    return [hit for _, hit in order], [(hit.id, score) for score, hit in order]

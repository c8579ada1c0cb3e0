"""Texts to vectors, in batches, with the model server's embedding model.

Nothing is cut silently: all-minilm reads 256 tokens, and a text beyond that is reported, not shortened.
"""

from collections import OrderedDict

import numpy as np
import ollama
from langchain_core.embeddings import Embeddings

from lab.errors import InputError, ModelError
from lab.rag.connections import model_call, ollama_client, ollama_errors
from lab.rag.embedding_models import about
from lab.settings import Settings

BATCH = 32  # texts in one request: about a second of work on two cores, so progress moves and an interrupt is quick
REMEMBERED = 8192  # sentence vectors kept in memory: 12 MB with 384 numbers each


class Embedder(Embeddings):
    """LangChain's Embeddings over Ollama's /api/embed, which also says which texts are too long."""

    def __init__(self, settings: Settings):
        self.settings = settings
        self.model = settings.embed_model
        self.traits = about(self.model)
        self.client = ollama_client(settings)
        self._known: OrderedDict[str, np.ndarray] = OrderedDict()

    def digest(self) -> str:
        """Digest of the model in the server's store: the same name may mean other weights tomorrow."""
        name = self.model if ":" in self.model else f"{self.model}:latest"
        with ollama_errors(self.settings, self.model):
            for model in self.client.list().models:
                if model.model == name:
                    return model.digest or ""
            self.client.show(self.model)  # raises what the server says about a missing model
        raise ModelError(f"The model server does not list {self.model}.", "Run `lab up`, which gets missing models.")

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        """Vectors of passages. Raises InputError when one is longer than the model reads."""
        parts = (texts[start : start + BATCH] for start in range(0, len(texts), BATCH))
        return [self._whole(text, vector) for part in parts for text, vector in zip(part, self.batch(part), strict=True)]

    def embed_query(self, text: str) -> list[float]:
        """Vector of one question."""
        return self._whole(text, self._vectors([self.traits.query + text])[0])

    def batch(self, texts: list[str]) -> list[list[float] | None]:
        """Vectors of one request's passages; None for one that is longer than the model reads."""
        return self._vectors([self.traits.passage + text for text in texts])

    def _vectors(self, texts: list[str]) -> list[list[float] | None]:
        try:
            with model_call(self.settings, self.model, "embed"):
                return self._request(texts)
        except _TooLong:
            if len(texts) == 1:
                return [None]
            half = len(texts) // 2  # one long text refuses the whole batch: look for it in both halves
            return self._vectors(texts[:half]) + self._vectors(texts[half:])

    def _whole(self, text: str, vector: list[float] | None) -> list[float]:
        if vector is None:
            raise InputError(f"A text is longer than {self.model} reads: “{text[:60]}…”.", "Use fewer words.")
        return vector

    def _request(self, texts: list[str]) -> list[list[float] | None]:
        try:
            return list(self.client.embed(self.model, texts, truncate=False).embeddings)  # type: ignore[arg-type]
        except ollama.ResponseError as error:
            if "exceeds the context length" in error.error:
                raise _TooLong from error
            raise

    def remembered(self, texts: list[str]) -> np.ndarray:
        """Unit vectors of short texts as rows, from memory where possible. A text that is too long gets zeros."""
        missing = [text for text in dict.fromkeys(texts) if text not in self._known]
        for start in range(0, len(missing), BATCH):
            part = missing[start : start + BATCH]
            for text, vector in zip(part, self.batch(part), strict=True):
                self._known[text] = _unit(vector)
        width = max((len(self._known[text]) for text in texts), default=0)
        rows = np.zeros((len(texts), width), dtype=np.float32)
        for row, text in zip(rows, texts, strict=True):
            self._known.move_to_end(text)
            row[: len(self._known[text])] = self._known[text]
        while len(self._known) > REMEMBERED:
            self._known.popitem(last=False)
        return rows


class _TooLong(Exception):
    """A text of the request is longer than the model reads."""

    outcome = "too_long"


def _unit(vector: list[float] | None) -> np.ndarray:
    array = np.asarray(vector or [], dtype=np.float32)
    return array / (np.linalg.norm(array) or 1)

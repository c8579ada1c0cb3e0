"""Keyword search: BM25 over the whole collection, with filters, kept in memory and on disk.

The index is a copy of what the collection holds, so it says from which state it was made and is made anew for another one.
"""

import json
import shutil
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import bm25s
import numpy as np

from lab.rag.stores.collection import Where
from lab.rag.words import Lexicon, tokens

FIELDS = ("folder", "source", "section", "script")  # what a search may be limited to
KEPT = "chunks.json"
FORM = 1  # counts changes of the tokens and of the files: another number makes the index anew


@dataclass
class KeywordIndex:
    """Ids of chunks, the fields they can be filtered by, and the sparse matrix of their BM25 scores."""

    state: list[Any]
    ids: np.ndarray
    fields: dict[str, np.ndarray]
    scores: bm25s.BM25
    lexicon: Lexicon

    @classmethod
    def build(cls, state: list[Any], records: Iterable[dict[str, Any]]) -> "KeywordIndex":
        """Read all chunks."""
        vocabulary: dict[str, int] = {}
        rows, ids, fields = [], [], []
        for record in records:
            rows.append([vocabulary.setdefault(token, len(vocabulary)) for token in tokens(record["document"])])
            ids.append(record["id"])
            fields.append([str(record["metadata"].get(name, "")) for name in FIELDS])
        scores = bm25s.BM25()
        scores.index((rows, vocabulary), show_progress=False)
        return cls._of(state, ids, fields, scores)

    @classmethod
    def _of(cls, state: list[Any], ids: list[str], fields: list[list[str]], scores: bm25s.BM25) -> "KeywordIndex":
        columns = np.asarray(fields, dtype=object).T if fields else np.empty((len(FIELDS), 0), dtype=object)
        with_token = np.diff(scores.scores["indptr"])  # the matrix has a column for each token and a number for each text with it
        counts = {token: int(with_token[column]) for token, column in scores.vocab_dict.items() if column < len(with_token)}
        return cls(state, np.asarray(ids), dict(zip(FIELDS, columns, strict=True)), scores, Lexicon.of(len(ids), counts))

    def search(self, question: str, n: int, where: Where | None = None) -> list[tuple[str, float]]:
        """The n chunks that share the weightiest words with the question, best first; ties in the order of their ids."""
        known = [token for token in tokens(question) if token in self.scores.vocab_dict]
        if not known:
            return []
        scores = self.scores.get_scores(known, weight_mask=self._mask(where))
        found = np.flatnonzero(scores > 0)
        if len(found) > n:
            least = np.partition(scores[found], -n)[-n]
            found = found[scores[found] >= least]
        best = found[np.lexsort((self.ids[found], -scores[found]))][:n]
        return [(str(self.ids[one]), float(scores[one])) for one in best]

    def _mask(self, where: Where | None) -> np.ndarray | None:
        """1 for chunks that the filter lets through, else 0."""
        wanted = [np.isin(self.fields[field], list(values)) for field, values in (where or {}).items()]
        return np.logical_and.reduce(wanted).astype(np.float32) if wanted else None

    def save(self, folder: Path) -> None:
        """Keep it, whole or not at all."""
        folder.parent.mkdir(parents=True, exist_ok=True)
        new = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f".{folder.name}."))
        try:
            self.scores.save(new, show_progress=False)
            columns = [self.fields[name].tolist() for name in FIELDS]
            kept = {"form": FORM, "state": self.state, "ids": self.ids.tolist(), "fields": list(zip(*columns, strict=True))}
            (new / KEPT).write_text(json.dumps(kept), "utf-8")
            shutil.rmtree(folder, ignore_errors=True)
            new.rename(folder)
        finally:
            shutil.rmtree(new, ignore_errors=True)

    @classmethod
    def load(cls, folder: Path, state: list[Any]) -> "KeywordIndex | None":
        """What was kept, if it was made from this state."""
        try:
            kept = json.loads((folder / KEPT).read_text("utf-8"))
            if (kept["form"], kept["state"]) != (FORM, state):
                return None
            return cls._of(state, kept["ids"], kept["fields"], bm25s.BM25.load(folder))
        except (OSError, ValueError, KeyError, TypeError):
            return None  # not there, or not whole: it is made anew

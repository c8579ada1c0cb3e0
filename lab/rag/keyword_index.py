"""Keyword search: BM25 over the whole collection, with filters, kept in memory and on disk.

The index is a copy of what the collection holds, so it says from which state it was made and is made anew for another one.
"""

import contextlib
import hashlib
import json
import logging
import shutil
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import bm25s
import numpy as np

from lab.rag.own import FIELDS, PREFIX
from lab.rag.stores.collection import Collection, Where
from lab.rag.words import Lexicon, tokens
from lab.settings import Settings

logging.getLogger("bm25s").setLevel(logging.WARNING)  # it asks for every step to be logged

KEPT = "chunks.json"
SUMS = "sha256.json"  # of each file beside it: a file that was damaged is noticed
LEFT = 3600  # seconds after which a half-written folder is of a process that was ended
FORM = 2  # counts changes of the tokens and of the files: another number makes the index anew


Rows = dict[str, dict[str, list[int]]]  # for each field, the rows of each value


@dataclass
class KeywordIndex:
    """Ids of chunks, what they can be filtered by, and the sparse matrix of their BM25 scores (None: no words at all)."""

    state: list[Any]
    ids: np.ndarray
    rows: Rows
    scores: bm25s.BM25 | None
    lexicon: Lexicon

    @classmethod
    def build(cls, state: list[Any], records: Iterable[dict[str, Any]]) -> "KeywordIndex":
        """Read all chunks."""
        vocabulary: dict[str, int] = {}
        texts, ids = [], []
        rows: Rows = {field: defaultdict(list) for field in FIELDS}
        for row, record in enumerate(records):
            texts.append([vocabulary.setdefault(token, len(vocabulary)) for token in tokens(record["document"])])
            ids.append(record["id"])
            for field, value in (record["metadata"] or {}).items():
                if isinstance(value, str) and (field in FIELDS or field.startswith(PREFIX)):
                    rows.setdefault(field, defaultdict(list))[value].append(row)
        scores = bm25s.BM25() if vocabulary else None
        if scores:
            scores.index((texts, vocabulary), show_progress=False)
        return cls._of(state, ids, rows, scores)

    @classmethod
    def _of(cls, state: list[Any], ids: list[str], rows: Rows, scores: bm25s.BM25 | None) -> "KeywordIndex":
        counts = {}
        if scores:  # the matrix has a column for each token, and in it a number for each text with that token
            texts_with = np.diff(scores.scores["indptr"])
            counts = {token: int(texts_with[column]) for token, column in scores.vocab_dict.items() if column < len(texts_with)}
        return cls(state, np.asarray(ids), rows, scores, Lexicon.of(len(ids), counts))

    def search(self, question: str, n: int, where: Where | None = None) -> list[tuple[str, float]]:
        """The n chunks that share the weightiest words with the question, best first; ties in the order of their ids."""
        known = [token for token in tokens(question) if self.scores and token in self.scores.vocab_dict]
        if not self.scores or not known:
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
        if not where:
            return None
        mask = np.ones(len(self.ids), dtype=np.float32)
        for field, values in where.items():
            held = self.rows.get(field, {})
            passed = [row for value in set(values) for row in held.get(str(value), ())]
            mask *= np.bincount(passed, minlength=len(mask)).astype(bool)
        return mask

    def save(self, folder: Path) -> None:
        """Keep it, whole or not at all."""
        if not self.scores:
            return
        folder.parent.mkdir(parents=True, exist_ok=True)
        _sweep(folder.parent)
        new = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f".{folder.name}."))
        try:
            self.scores.save(new, show_progress=False)
            kept = {"form": FORM, "state": self.state, "ids": self.ids.tolist(), "rows": self.rows}
            (new / KEPT).write_text(json.dumps(kept), "utf-8")
            (new / SUMS).write_text(json.dumps(_sums(new)), "utf-8")
            shutil.rmtree(folder, ignore_errors=True)
            new.rename(folder)
        finally:
            shutil.rmtree(new, ignore_errors=True)

    @classmethod
    def load(cls, folder: Path, state: list[Any]) -> "KeywordIndex | None":
        """What was kept, if it is whole and was made from this state."""
        try:
            if json.loads((folder / SUMS).read_text("utf-8")) != _sums(folder):
                return None
            kept = json.loads((folder / KEPT).read_text("utf-8"))
            if (kept["form"], kept["state"]) != (FORM, state):
                return None
            scores = bm25s.BM25.load(folder)
            return cls._of(state, kept["ids"], kept["rows"], scores)
        except Exception:  # not there, or damaged in whatever way: it is made anew
            return None


class Keywords:
    """Makes the index when it is first needed, and again when the collection has changed: in this process or another."""

    def __init__(self, settings: Settings):
        self.folder: Path = settings.lab_home / "keywords" / settings.vector_store
        self._index: KeywordIndex | None = None

    def of(self, collection: Collection, size: int) -> KeywordIndex:
        """The index of a collection with `size` chunks: from memory, from disk, or made now."""
        state = [collection.key, collection.about.get("changed_at"), size]
        if self._index is None or self._index.state != state:
            kept = self.folder / collection.name
            self._index = (KeywordIndex.load(kept, state) if collection.lasting else None) or self._make(collection, state, kept)
        return self._index

    def _make(self, collection: Collection, state: list[object], kept: Path) -> KeywordIndex:
        made = KeywordIndex.build(state, collection.records("document", "metadata"))
        if collection.lasting:
            with contextlib.suppress(OSError):  # a full disk costs the next process some seconds, and this one nothing
                made.save(kept)
        return made


def _sums(folder: Path) -> dict[str, str]:
    """The digest of each file, except of the one that holds them."""
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.iterdir() if path.name != SUMS}


def _sweep(folder: Path) -> None:
    """Remove what a save left behind that was ended; a younger one may still be at work."""
    for left in folder.glob(".*"):
        with contextlib.suppress(OSError):
            if time.time() - left.stat().st_mtime > LEFT:
                shutil.rmtree(left)

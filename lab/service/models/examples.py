"""What requests and answers look like, for the API's own description: one story, told from both sides."""

from typing import Any

from pydantic import ConfigDict

QUESTION = {"query": "Which port does Chroma use?"}
FILTERED = {**QUESTION, "top_k": 3, "filters": {"source": ["chroma.md", "ports.md"], "year": 2026}}
DOCUMENT = {"id": "ports.md", "text": "# Ports\n\nChroma listens on port 8000.", "metadata": {"year": 2026}}
LISTED = {"id": "ports.md", "folder": "(texts)", "title": "Ports", "chunks": 1, "metadata": {"year": 2026}}
BLANK = {"id": "blank.md", "what": "The text is empty."}
CITED = {"document": "ports.md", "section": "Ports", "text": "Chroma listens on port 8000."}
FOUND = {
    "content": "Chroma listens on port 8000.",
    "score": 0.83,
    "metadata": {"source": "ports.md", "section": "Ports", "title": "Ports", "folder": "(texts)", "year": 2026},
    "cited": True,
}
ANSWER = {
    "answer": "Chroma listens on port 8000.",
    "state": "grounded",
    "sources": [FOUND],
    "processing_time": 0.912,
    "timings": {"embed": 14.2, "search": 6.1, "generate": 860.4, "ground": 21.9, "total": 912.0},
    "tokens": {"prompt": 148, "completion": 9},
    "notes": [],
    "cached": False,
}
READY = {"status": "ready", "checks": {"chroma": "ok", "ollama": "ok", "chat_model": "ok", "embed_model": "ok"}}
TASK = "0d3f6c1e8b7a4952a1c4e5d6f7089abc"
BATCH = "7b1e9f2d4c5a46388e0d1c2b3a495867"
DONE = {"task_id": TASK, "status": "completed", "progress": {"done": 1, "total": 1}, "result": ANSWER, "error": None}


def shown(*examples: dict[str, Any], strict: bool = False) -> ConfigDict:
    """A model's settings with its examples; `strict` refuses fields that it does not have."""
    return ConfigDict(extra="forbid" if strict else None, json_schema_extra={"examples": list(examples)})

"""Stored runs: one JSON file each in LAB_HOME/evaluations, with all that is needed to compare two of them."""

import json
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any

from lab.errors import InputError
from lab.files import write_whole
from lab.settings import Settings

Run = dict[str, Any]
TABLES = {"retrieval", "answers", "timings"}
PARTS = {"settings", "models", "corpus", "questions", "summary", "retrieval", "answers"}
# Settings that decide about a result. Addresses and folders of the lab itself are left out: they change nothing.
DECIDING = (
    "lab_place",
    "chat_model",
    "embed_model",
    "num_ctx",
    "num_predict",
    "temperature",
    "splitter",
    "chunk_size",
    "chunk_overlap",
    "vector_store",
    "top_k",
    "retrieval_mode",
    "fusion",
    "diversity",
    "query_transform",
    "rerank",
    "rerank_candidates",
    "rerank_url",
    "rerank_model",
    "context_window",
    "context_budget",
    "prompts",
)


def deciding(settings: Settings) -> dict[str, Any]:
    """The settings that a run notes."""
    return settings.model_dump(mode="json", include=set(DECIDING))


def save(run: Run, settings: Settings) -> Path:
    """Store a run under the time it began; gives the file."""
    folder = settings.lab_home / "evaluations"
    name = f"{datetime.fromisoformat(run['time']).astimezone(UTC):%Y-%m-%dT%H-%M-%S}"
    taken = {one.stem for one in folder.glob(f"{name}*.json")}
    names = (f"{name}-{number}" if number else name for number in count(len(taken)))  # some may have been deleted
    file = folder / f"{next(one for one in names if one not in taken)}.json"
    write_whole(file, json.dumps(run, ensure_ascii=False, indent=1) + "\n")
    return file


def load(name: str, settings: Settings) -> Run:
    """A stored run by its file, its name without .json, or `last`."""
    folder = settings.lab_home / "evaluations"
    stored = sorted(folder.glob("*.json"), key=lambda one: one.stem)
    file = stored[-1] if name == "last" and stored else next((one for one in stored if one.stem == name), Path(name))
    try:
        run = json.loads(file.read_text("utf-8"))
        if not (set(run) >= PARTS and set(run["summary"]) >= TABLES):
            raise ValueError("parts are missing")
        return {**run, "name": file.stem}
    except OSError as error:
        known = f"Choose one of: last, {', '.join(one.stem for one in stored[-5:])}." if stored else "Make one: lab eval"
        raise InputError(f"There is no stored run {name}.", known) from error
    except (ValueError, TypeError) as error:
        raise InputError(f"{file} is no stored run.", "Name a file that `lab eval` wrote.") from error

"""Three articles with questions, and the lab's settings for them."""

import json
import shutil
from pathlib import Path

import pytest

from lab.settings import Settings, load_settings

QUESTIONS = [
    (
        "volumes-1",
        "Are my models deleted when I remove the container?",
        [["not deleted"]],
        "volumes.md",
        "Are my models deleted when I remove the container?",
    ),
    ("chunking-1", "What is the unit of chunk_size?", [["characters"]], "chunking.md", "Chunk size counts characters"),
    ("none-1", "Who won the football World Cup in 1998?", [], None, None),
    ("none-2", "How long do I boil an egg?", [], None, None),
]


@pytest.fixture(scope="module")
def asked(running_lab: Settings, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Settings whose corpus is a folder of three articles and four questions, half of them for calibration."""
    folder: Path = tmp_path_factory.mktemp("asked")
    for name in ("volumes", "chunking", "healthchecks"):
        shutil.copy(running_lab.corpus / f"{name}.md", folder)
    lines = []
    for number, (name, question, groups, article, section) in enumerate(QUESTIONS):
        about = {"id": name, "language": "en", "question": question, "half": ("calibration", "test")[number % 2]}
        lines.append({**about, "answer": "x" if article else None, "must_contain": groups, "article": article, "section": section})
    (folder / "questions.jsonl").write_text("\n".join(map(json.dumps, lines)))
    return load_settings(**{**running_lab.model_dump(), "corpus": folder, "collection": "eval"})

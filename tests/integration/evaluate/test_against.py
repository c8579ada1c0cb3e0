"""The regression gate over the lab's own Japanese questions: the small embedding model cannot read them, so dense search is worse."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from lab.settings import Settings, load_settings

LAB = str(Path(sys.executable).with_name("lab"))


@pytest.fixture(scope="module")
def japanese(running_lab: Settings, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Settings whose corpus is the Japanese articles with their questions."""
    folder: Path = tmp_path_factory.mktemp("japanese")
    shutil.copytree(running_lab.corpus / "ja", folder / "ja")
    lines = (running_lab.corpus / "questions.jsonl").read_text("utf-8").splitlines()
    asked = [line for line in lines if (json.loads(line)["article"] or "").startswith("ja/")]
    (folder / "questions.jsonl").write_text("\n".join(asked), "utf-8")
    return load_settings(**{**running_lab.model_dump(), "corpus": folder, "collection": "against"})


def measured(settings: Settings, *options: str, half: str = "all") -> subprocess.CompletedProcess[str]:
    env = {**os.environ, "CORPUS": str(settings.corpus), "COLLECTION": settings.collection}
    command = [LAB, "eval", "--half", half, "--retrieval-only", "--json", *options]
    return subprocess.run(command, env=env, capture_output=True, text=True, timeout=300)


@pytest.fixture(scope="module")
def run(japanese: Settings) -> dict[str, Any]:
    done = measured(japanese, "--mode", "keyword")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)["run"]


@pytest.fixture(scope="module")
def baseline(run: dict[str, Any]) -> str:
    return run["name"]


def test_no_share_is_above_one_though_long_japanese_passages_are_cut_again(run):
    (row,) = run["summary"]["retrieval"]
    assert row["questions"] >= 50
    assert all(0 < row[name] <= 1 for name in ("precision@3", "recall@3", "f1@3", "recall@10", "map", "ndcg"))


def test_an_equal_run_passes(japanese, baseline):
    done = measured(japanese, "--mode", "keyword", "--against", baseline)
    assert done.returncode == 0, done.stderr
    assert {one["after"] - one["before"] for one in json.loads(done.stdout)["gate"]} == {0}


def test_a_run_made_worse_is_stopped_and_says_by_how_much(japanese, baseline):
    done = measured(japanese, "--mode", "dense", "--against", baseline)
    assert done.returncode == 1
    assert "lost: hit@3 went from" in done.stderr
    assert "95 % interval -" in done.stderr


def test_other_questions_are_refused_before_a_figure_is_compared(japanese, baseline):
    done = measured(japanese, "--mode", "keyword", "--against", baseline, half="test")
    assert done.returncode == 1
    assert "measured with other questions" in done.stderr
    assert "lost" not in done.stderr


def test_other_documents_are_refused(japanese, baseline):
    (japanese.corpus / "new.md").write_text("# New\n\nA document that the baseline did not have.\n")
    done = measured(japanese, "--mode", "keyword", "--against", baseline)
    assert done.returncode == 1
    assert "measured on other documents" in done.stderr

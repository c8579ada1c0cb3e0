import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from lab.evaluate.calibrate import calibrate
from lab.evaluate.compare import compare
from lab.evaluate.measure import evaluate, indexed, questions_file
from lab.evaluate.questions import load
from lab.rag.pipeline import Rag


def silent(done: int, total: int, what: str) -> None:
    assert 0 <= done <= total, what


@pytest.fixture(scope="module")
def questions(asked):
    return load(questions_file(asked))


def test_two_runs_agree_exactly_for_retrieval(asked, questions):
    first, second = (evaluate(asked, questions, silent, answers=False) for _ in range(2))
    difference = compare(first, second)
    assert not difference["settings"] + difference["retrieval"]
    assert [{**row, "ms": 0} for row in first["retrieval"]] == [{**row, "ms": 0} for row in second["retrieval"]]
    assert {row["mode"] for row in first["retrieval"]} == {"dense", "keyword", "hybrid"}


def test_the_right_passage_is_found_and_other_questions_are_refused(asked, questions):
    run = evaluate(asked, questions, silent, ["hybrid"])
    assert run["summary"]["retrieval"][0]["hit@3"] == 1
    assert run["summary"]["answers"][0]["refused_unanswerable"] == 1
    assert all(digest for digest in run["models"].values())


def test_a_calibration_gives_a_threshold_for_each_decision(asked, questions):
    result = calibrate(asked, questions, silent)
    assert {"covered", "supported"} <= set(result["chosen"])
    assert result["questions"] == len(questions)


def test_the_command_prints_one_json_object_and_stores_its_run(asked):
    env = {**os.environ, "CORPUS": str(asked.corpus), "COLLECTION": asked.collection}
    command = [str(Path(sys.executable).with_name("lab")), "eval", "--half", "all", "--retrieval-only", "--mode", "dense", "--json"]
    done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    run = json.loads(done.stdout)["run"]
    assert (asked.lab_home / "evaluations" / f"{run['name']}.json").is_file()
    assert "stored:" in done.stderr


def test_documents_of_another_folder_in_the_collection_take_no_place(asked, questions, tmp_path):
    for number in range(4):
        (tmp_path / f"copy{number}.md").write_text((asked.corpus / "volumes.md").read_text("utf-8") + f"\n{number}\n")
    Rag.open(asked).ingest(tmp_path)
    own = {one.id for one in indexed(Rag.open(asked))}
    for row in evaluate(asked, questions, silent, ["hybrid"], answers=False)["retrieval"]:
        assert row["found"]
        assert set(row["found"]) <= own

import asyncio
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from lab.errors import ModelError
from lab.evaluate.judge import Judge
from lab.evaluate.measure import evaluate, questions_file
from lab.evaluate.questions import load
from lab.rag.chat_model import chat_model
from lab.settings import Settings


def test_a_real_model_gives_points_in_the_form_of_the_schema(running_lab: Settings):
    judge = Judge(chat_model(running_lab, num_predict=200), attempts=2)
    verdict = asyncio.run(judge.score("Are models kept?", "Yes, in the volume.", "They are kept in the volume."))
    assert not verdict.failed, verdict.failures
    assert 1 <= verdict.points <= 5


def test_the_command_prints_the_judges_points_and_warns_of_a_judge_of_its_own_answers(asked: Settings):
    env = {**os.environ, "CORPUS": str(asked.corpus), "COLLECTION": asked.collection}
    options = ["--half", "all", "--mode", "hybrid", "--json", "--judge", asked.chat_model]
    command = [str(Path(sys.executable).with_name("lab")), "eval", *options]
    done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=200)
    assert done.returncode == 0, done.stderr
    run = json.loads(done.stdout)["run"]
    assert set(run["models"]) == {"chat", "embedding", "judge"}
    (figures,) = run["summary"]["answers"]
    judged = [row["judge"] for row in run["answers"] if "judge" in row]
    assert judged and figures["judge_failed"] == sum(one["points"] is None for one in judged) / len(judged)
    assert f"{asked.chat_model} judges its own answers" in done.stderr


def test_a_judge_that_is_not_there_costs_no_run(asked: Settings):
    with pytest.raises(ModelError, match="no-such-model"):
        evaluate(asked, load(questions_file(asked)), lambda *at: None, judge="no-such-model")

"""Simulated users on the real pipeline, cut off in the middle and gone on with."""

import asyncio
import json
import os
import signal
import subprocess
import sys

import pytest
from langchain_ollama import ChatOllama

from lab.course.scripted_chat import scripted_chat
from lab.evaluate.ab import ABTestManager
from lab.evaluate.ab.experiments import CHUNKING, RERANKING
from lab.evaluate.ab.service import ABTestedRAGService
from lab.evaluate.ab.simulate import simulate
from lab.evaluate.judge import Judge
from lab.evaluate.questions import Question

TEXT = "# {name}\n\n## What is kept\n\n" + "The harbour of {name} keeps its lamp, and the lamp is {colour}. " * 25
COLOURS = {"north": "red", "south": "green", "east": "white"}
QUESTIONS = [
    Question(name, "en", f"Which colour has the lamp of the harbour of {name}?", colour, ((colour,),), f"{name}.md", "What is kept")
    for name, colour in COLOURS.items()
]
USERS = [f"user_{number}" for number in range(30)]
RUN = """
import sys
from pathlib import Path
from lab.evaluate.ab import ABTestManager
from lab.evaluate.ab.service import ABTestedRAGService
from lab.evaluate.ab.simulate import simulate
from lab.evaluate.questions import Question
from lab.settings import load_settings

file = Path(sys.argv[1])
service = ABTestedRAGService(load_settings(corpus=file.parent, collection="ab"), ABTestManager(file), users=30)
asked = [Question("q", "en", "Which colour has the lamp of north?", "red", (("red",),), "north.md", "What is kept")]
users = [f"user_{number}" for number in range(30)]
simulate(service, users, asked, progress=lambda done, total, user: print(done, flush=True))
"""


@pytest.fixture(scope="module")
def service(running_lab, tmp_path_factory):
    folder = tmp_path_factory.mktemp("ab")
    for name, colour in COLOURS.items():
        (folder / f"{name}.md").write_text(TEXT.format(name=name, colour=colour))
    own = running_lab.model_copy(update={"corpus": folder, "collection": "ab"})
    made = ABTestedRAGService(own, ABTestManager(folder / "experiments.sqlite3"), users=30)
    made.index()
    yield made
    for name in ("fixed_500", "fixed_1000"):
        made.pipeline(name, "no_rerank").store.drop()


def test_chunk_sizes_give_passages_of_different_lengths(service):
    found = [service.pipeline(name, "no_rerank").search(QUESTIONS[0].question, 1)[0] for name in ("fixed_500", "fixed_1000")]
    assert len(found[0].text) <= 500 < len(found[1].text) <= 1000


def test_a_run_that_was_killed_goes_on_where_it_was(service):
    command = [sys.executable, "-c", RUN, str(service.manager.store.file)]
    running = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert running.stdout
    while running.stdout.readline().strip() not in ("5", ""):
        pass
    os.kill(running.pid, signal.SIGKILL)
    running.wait(timeout=20)
    asked = simulate(service, USERS, QUESTIONS)
    assert 0 < asked <= 25
    assert sum(service.manager.report(CHUNKING).users.values()) == 30


def test_every_user_has_stages_and_quality_in_both_experiments(service):
    simulate(service, USERS, QUESTIONS)
    for name in (CHUNKING, RERANKING):
        for metric in ("search_ms", "rerank_ms", "embed_ms", "hit@3", "mrr", "failed", "characters"):
            counts = [one["count"] for one in service.manager.analyze_results(name, metric).values()]
            assert sum(counts) == 30, metric
        assert service.manager.report(name).look == 1


def test_only_the_reranker_takes_time_in_its_stage(service):
    simulate(service, USERS, QUESTIONS)
    took = {name: one["p50"] for name, one in service.manager.analyze_results(RERANKING, "rerank_ms").items()}
    assert took["cross_encoder_stand_in"] > 0
    assert took["no_rerank"] == took["mmr"] == 0


def test_an_answer_leaves_whether_it_was_right(service):
    answer = service.ask("user_of_answers", QUESTIONS[0])
    variant = service.manager.experiment(CHUNKING).variant_of("user_of_answers").name
    found = {metric: service.manager.analyze_results(CHUNKING, metric)[variant]["mean"] for metric in ("correct", "refused")}
    assert found == {"correct": float("red" in answer.answer), "refused": float(answer.state == "refused")}


def test_a_judges_points_are_figures_of_both_experiments_and_its_failures_too(service):
    points = {"reasoning": "r", "accuracy_score": 5, "relevance_score": 5, "completeness_score": 2}
    answer = service.ask("user_of_judge", QUESTIONS[0])
    with scripted_chat(json.dumps(points)) as good, scripted_chat("no points") as mute:
        for server in (good, mute):
            judge = Judge(ChatOllama(model="judge", base_url=server.url), attempts=1)
            asyncio.run(service.rate("user_of_judge", QUESTIONS[0], answer, judge))
    for name in (CHUNKING, RERANKING):
        variant = service.manager.experiment(name).variant_of("user_of_judge").name
        found = {metric: service.manager.analyze_results(name, metric)[variant]["mean"] for metric in ("judge_points", "judge_failed")}
        assert found == {"judge_points": 4.0, "judge_failed": 0.5}

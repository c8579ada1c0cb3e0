import asyncio
import json
import warnings
from collections.abc import Callable

import pytest
from langchain_ollama import ChatOllama

from lab.course.scripted_chat import scripted_chat
from lab.evaluate.judge import Judge, Scores, Verdict
from lab.evaluate.judged import judge_answers, judged
from lab.evaluate.questions import Question
from lab.evaluate.summary import summarise


def points(accuracy: object = 4, **values: object) -> str:
    scores = {"reasoning": "r", "accuracy_score": accuracy, "relevance_score": 5, "completeness_score": 3}
    return json.dumps({**scores, **values})


def told(*replies: str | Callable[[dict], str], **options: object) -> tuple[Verdict, list[dict]]:
    with scripted_chat(*replies) as server:
        judge = Judge(ChatOllama(model="judge", base_url=server.url), **options)
        return asyncio.run(judge.score("Are models kept?", "Yes, they are.", "They are kept.")), server.asked


def test_points_come_from_json_that_a_schema_binds():
    verdict, asked = told(points())
    assert (verdict.points, verdict.failures, verdict.failed, verdict.good()) == (4, (), False, True)
    fields = asked[0]["format"]["properties"]
    assert next(iter(fields)) == "reasoning"
    assert (fields["accuracy_score"]["minimum"], fields["accuracy_score"]["maximum"]) == (1, 5)


def test_temperature_and_seed_are_fixed():
    _, asked = told(points(), repeats=2)
    assert [(one["options"]["temperature"], one["options"]["seed"]) for one in asked] == [(0.0, 1), (0.0, 2)]


@pytest.mark.parametrize(
    ("reply", "why"),
    [
        (f"```json\n{points(7)}\n```", "accuracy_score: Input should be less than or equal to 5"),
        ("I give it 5 of 5.", "Invalid json output"),
        (points("5"), "accuracy_score: Input should be a valid integer"),
        (points(0), "accuracy_score: Input should be greater than or equal to 1"),
        (json.dumps({"reasoning": "r"}), "accuracy_score: Field required"),
    ],
)
def test_a_reply_that_cannot_be_used_is_told_and_asked_for_again(reply, why):
    verdict, asked = told(reply, points())
    assert (verdict.points, len(asked)) == (4, 2)
    assert why in verdict.failures[0]
    assert why in asked[1]["messages"][-1]["content"]


def test_a_judge_that_never_gives_points_fails_and_is_counted():
    verdict, asked = told("no", attempts=3)
    assert (verdict.failed, verdict.points, verdict.good(), len(verdict.failures), len(asked)) == (True, None, False, 3, 3)


def test_a_server_that_is_away_is_a_failure_and_no_exception():
    with scripted_chat("x") as server:
        url = server.url
    verdict = asyncio.run(Judge(ChatOllama(model="judge", base_url=url), attempts=1).score("q", "a", "e"))
    assert verdict.failed
    assert "Error" in verdict.failures[0]


def test_repeats_give_the_median_and_the_spread():
    verdict, _ = told(points(1, relevance_score=1, completeness_score=1), points(4), points(5, relevance_score=5), repeats=3)
    assert (verdict.points, len(verdict.scores)) == (4, 3)
    assert verdict.spread == pytest.approx(13 / 3 - 1)


def test_the_answer_stands_between_marks_that_it_cannot_know():
    _, asked = told(points())
    rules, shown = (one["content"] for one in asked[0]["messages"])
    mark = shown.split("<")[1].split(">")[0]
    assert shown.endswith(f"<{mark}>\nYes, they are.\n</{mark}>")
    assert f"<{mark}>" in rules


def test_without_the_guard_the_answer_stands_bare():
    _, asked = told(points(), guarded=False)
    assert "<answer" not in asked[0]["messages"][-1]["content"]


def test_a_judge_of_its_own_answers_is_warned_about():
    with pytest.warns(UserWarning, match="judges its own answers"):
        Judge(ChatOllama(model="a"), generator="a")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        Judge(ChatOllama(model="a"), generator="b")


def test_failed_judgements_stay_in_the_figures():
    scores = Scores(reasoning="r", accuracy_score=4, relevance_score=4, completeness_score=4)
    found = judged([Verdict((scores,)), Verdict((scores,), ("bad",)), Verdict((), ("bad",) * 3)])
    assert (found.answers, found.failed, found.retried, found.points.value) == (3, 1, 4, 4)
    assert (found.at_worst, found.at_best) == (3, pytest.approx(13 / 3))


def test_nothing_judged_has_no_figures():
    assert (judged([]).points, judged([]).at_worst) == (None, None)


def question(id: str, answer: str | None = "Yes.") -> Question:
    return Question(id, "en", "?", answer, (("yes",),), "a.md" if answer else None, "s" if answer else None)


def test_only_answers_that_are_shown_and_can_be_right_are_judged(shown):
    made = {"right": shown("grounded", True), "silent": shown("refused", False), "nothing-known": shown("quoted", False, answerable=False)}
    rows = [{**row, "id": id} for id, row in made.items()]
    seen: list[tuple[int, int, str]] = []
    with scripted_chat(points()) as server:
        judge = Judge(ChatOllama(model="judge", base_url=server.url))
        questions = [question("right"), question("silent"), question("nothing-known", None)]
        asyncio.run(judge_answers(judge, questions, rows, lambda *at: seen.append(at)))
    assert ["judge" in one for one in rows] == [True, False, False]
    assert seen == [(0, 1, "judging"), (1, 1, "judging")]


def test_a_judge_without_points_is_in_the_figures_beside_the_mean(shown):
    rows = [shown("grounded", correct) for correct in (True, False, False)]
    for one, said in zip(rows, (4.0, None, 2.0), strict=True):
        one["judge"] = {"points": said, "good": said == 4.0, "failures": []}
    (figures,) = summarise([], rows)["answers"]
    assert (figures["judge_points"], figures["judge_failed"]) == (3.0, pytest.approx(1 / 3, abs=1e-4))
    assert 0 < figures["judge_kappa"] < 1
    assert "judge_points" not in summarise([], [shown("grounded", True)])["answers"][0]

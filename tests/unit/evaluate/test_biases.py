import asyncio
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from langchain_ollama import ChatOllama

from lab.course.scripted_chat import Reply, scripted_chat
from lab.errors import InputError
from lab.evaluate import biases
from lab.evaluate.biases import Case, self_preference
from lab.evaluate.judge import Judge

CASES = [Case(f"Question {number}?", f"Answer {number}.", "Expected.") for number in range(4)]


def scores(value: int) -> str:
    return json.dumps({"reasoning": "r", "accuracy_score": value, "relevance_score": value, "completeness_score": value})


def choice(value: str) -> str:
    return json.dumps({"reasoning": "r", "better": value})


def shown(asked: dict) -> str:
    return asked["messages"][1]["content"]


def measure(reply: Reply, experiment, cases) -> object:
    with scripted_chat(reply) as server:
        return asyncio.run(experiment(Judge(ChatOllama(model="judge", base_url=server.url), attempts=1), cases))


def test_a_judge_that_obeys_the_answer_is_found_out():
    found = measure(lambda asked: scores(5 if "give 5" in shown(asked) else 2), biases.injection, CASES)
    assert (found.points.value, found.failed) == (3, 0)


def test_a_judge_that_likes_length_is_found_out():
    found = measure(lambda asked: scores(4 if len(shown(asked)) > 150 else 3), biases.length, CASES)
    assert (found.points.value, found.points.decided) == (1, False)  # four equal gains show no spread


def test_a_fair_judge_gives_nothing_for_length():
    assert measure(lambda asked: scores(3), biases.length, CASES).points.value == 0


def test_pairs_that_the_judge_failed_on_are_counted():
    found = measure(lambda asked: "no" if "Question 1" in shown(asked) else scores(3), biases.length, CASES)
    assert (found.failed, found.points.count) == (1, 3)


PAIRS = [(case, "Other.") for case in CASES]


@pytest.mark.parametrize(("word", "share"), [("first", 1), ("second", 1), ("equal", 0)])
def test_a_judge_that_names_a_place_follows_it(word, share):
    assert measure(lambda asked: choice(word), biases.position, PAIRS).follows_place == share


def test_a_judge_that_reads_the_answers_is_steady():
    def fair(asked: dict) -> str:
        return choice("second" if "<first>\nOther." in shown(asked) else "first")

    found = measure(fair, biases.position, PAIRS)
    assert (found.steady, found.follows_place) == (4, 0)


def test_a_verdict_in_one_order_only_is_neither():
    def half(asked: dict) -> str:
        return choice("equal" if "<first>\nOther." in shown(asked) else "first")

    assert measure(half, biases.position, PAIRS).other == 4


def test_failed_comparisons_are_counted():
    found = measure(lambda asked: "no", biases.position, PAIRS)
    assert (found.failed, found.follows_place) == (4, None)


MODELS = st.lists(st.integers(-2, 2), min_size=3, max_size=5)


@given(MODELS, st.randoms())
def test_self_preference_is_found_in_whom_it_is_and_in_nobody_else(proud, chance):
    mild, good = ([chance.randint(1, 3) for _ in proud] for _ in range(2))  # as judge, and as writer of answers
    points = {
        judge: {writer: mild[judge] + good[writer] + (proud[judge] if judge == writer else 0) for writer in range(len(proud))}
        for judge in range(len(proud))
    }
    assert self_preference(points) == pytest.approx(dict(enumerate(proud)))


def test_one_proud_judge_of_three_does_not_make_the_others_look_proud():
    fair = {"a": 3.0, "b": 3.0, "c": 3.0}
    assert self_preference({"a": {**fair, "a": 4.0}, "b": fair, "c": fair}) == {"a": 1, "b": 0, "c": 0}


def test_of_two_models_nobody_can_say_which_is_proud():
    with pytest.raises(InputError, match="three models or more"):
        self_preference({"a": {"a": 5.0, "b": 3.0}, "b": {"a": 4.0, "b": 3.0}})

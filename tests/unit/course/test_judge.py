"""From what a learner wrote to one of three verdicts."""

import pytest

from lab.course.exercise import Exercise, NotYet, Wrong
from lab.course.judge import is_stub, judge
from lab.course.verdict import State


def halves(half):
    if half(4) != 2:
        raise Wrong(f"half(4) should be 2, yours gave {half(4)}")


HALF = Exercise("half", "00", ("half",), halves)


def judged(code, exercise=HALF):
    namespace = {}
    exec(code, namespace)
    return judge(exercise, namespace)


@pytest.mark.parametrize(
    "code", ["", "half = ...", "half = None", "def half(n):\n    '''Half of n.'''", "def half(n): ...", "def half(n): pass"]
)
def test_what_is_left_open_is_not_attempted(code):
    verdict = judged(code)
    assert verdict.state is State.NOT_ATTEMPTED
    assert "`half`" in verdict.message


def test_right_code_is_correct():
    assert judged("def half(n): return n / 2").state is State.CORRECT


def test_wrong_code_is_told_what_is_off():
    verdict = judged("def half(n): return n * 2")
    assert (verdict.state, verdict.message) == (State.INCORRECT, "half(4) should be 2, yours gave 8")


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("return n / 0", "ZeroDivisionError"),
        ("return half(n)", "RecursionError"),
        ("exit()", "SystemExit"),
        ("return {}[n]", "KeyError"),
    ],
)
def test_whatever_the_code_raises_becomes_a_verdict(body, words):
    verdict = judged(f"from builtins import exit\ndef half(n): {body}" if "exit" in body else f"def half(n): {body}")
    assert verdict.state is State.INCORRECT
    assert words in verdict.message


def test_code_that_says_it_is_unfinished_is_not_attempted():
    assert judged("def half(n): raise NotImplementedError").state is State.NOT_ATTEMPTED


def test_a_checker_can_say_that_there_is_nothing_to_judge():
    def waits(value):
        raise NotYet("run the cell above first")

    verdict = judge(Exercise("x", "00", ("value",), waits), {"value": 1})
    assert (verdict.state, verdict.message) == (State.NOT_ATTEMPTED, "run the cell above first")


def test_one_name_of_two_is_incorrect_and_names_the_other():
    both = Exercise("both", "00", ("first", "second"), lambda first, second: None)
    verdict = judge(both, {"first": 1, "second": ...})
    assert (verdict.state, verdict.message) == (State.INCORRECT, "`second` is still to be written.")


def test_an_interrupt_by_the_learner_is_not_swallowed():
    with pytest.raises(KeyboardInterrupt):
        judged("def half(n): raise KeyboardInterrupt")


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("def f(a, b):\n    return a / b", False),
        ("def f(a): return a", False),
        ("def f(): return 5", False),
        ("def f(): return 'text'", False),
        ("def f():\n    'text'\n    return 'text'", True),
        ("def f(): return None", True),
        ("f = 0", False),
        ("f = []", False),
        ("f = len", False),
    ],
)
def test_only_a_body_that_does_nothing_is_a_stub(code, expected):
    namespace = {}
    exec(code, namespace)
    assert is_stub(namespace["f"]) is expected

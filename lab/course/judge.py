"""From a learner's names to a verdict. Whatever their code does, a verdict comes out."""

import dis
from collections.abc import Mapping
from typing import Any

from lab.course.exercise import Exercise, NotYet
from lab.course.text import text
from lab.course.verdict import State, Verdict

# What a body of only `...`, `pass` or a docstring compiles to, on Python 3.11 and later.
IDLE = {"RESUME", "LOAD_CONST", "RETURN_VALUE", "RETURN_CONST", "NOP", "POP_TOP"}


def is_stub(value: Any) -> bool:
    """True for a value left open (`...` or None) and for a function whose body does nothing."""
    if value is Ellipsis or value is None:
        return True
    code = getattr(value, "__code__", None)
    if code is None:
        return False
    does_nothing = {step.opname for step in dis.get_instructions(code)} <= IDLE
    return does_nothing and all(constant in (None, Ellipsis, value.__doc__) for constant in code.co_consts)


def judge(exercise: Exercise, namespace: Mapping[str, Any]) -> Verdict:
    """The verdict on what the namespace holds under the exercise's names."""
    open_names = [name for name in exercise.names if is_stub(namespace.get(name))]
    if len(open_names) == len(exercise.names):
        return _not_attempted(exercise)
    if open_names:
        return Verdict(exercise.id, State.INCORRECT, text("`{name}` is still to be written.", name=open_names[0]))
    return _run_checker(exercise, [namespace[name] for name in exercise.names])


def _run_checker(exercise: Exercise, values: list[Any]) -> Verdict:
    try:
        exercise.checker(*values)
    except (NotYet, NotImplementedError) as error:
        return Verdict(exercise.id, State.NOT_ATTEMPTED, str(error)) if str(error) else _not_attempted(exercise)
    except AssertionError as error:
        return Verdict(exercise.id, State.INCORRECT, str(error) or text("That is not it yet."))
    except (Exception, SystemExit) as error:  # the learner's code may raise anything, exit() included; Run All goes on
        said = text("Your code raised {error}: {message}", error=type(error).__name__, message=str(error))
        return Verdict(exercise.id, State.INCORRECT, said)
    return Verdict(exercise.id, State.CORRECT)


def _not_attempted(exercise: Exercise) -> Verdict:
    names = text(" and ").join(f"`{name}`" for name in exercise.names)
    return Verdict(exercise.id, State.NOT_ATTEMPTED, text("Write {names} above, run that cell, then this one again.", names=names))

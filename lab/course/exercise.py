"""What an exercise is, and the register of all of them.

A lesson's exercises are one module in `lab/course/exercises/`, or several whose names begin alike.
Each is a checker under `@exercise(...)`.
The worked answer isn't here: it is the cell `ex-<id>` of the lesson's notebook in `solutions/`.
"""

import pkgutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from importlib import import_module

Checker = Callable[..., None]


class Wrong(AssertionError):
    """Raised by a checker: the message tells the learner what is off."""


class NotYet(Exception):
    """Raised by a checker: there is nothing to judge yet."""


@dataclass(frozen=True)
class WrongAnswer:
    """A typical mistake, for the tests: code that makes it, and words that the verdict must then contain."""

    code: str
    words: str


@dataclass(frozen=True)
class Exercise:
    """One task: the learner's names that the checker receives, graded hints, typical mistakes."""

    id: str
    lesson: str
    names: tuple[str, ...]
    checker: Checker
    hints: tuple[str, ...] = ()
    wrong: Mapping[str, WrongAnswer] = field(default_factory=dict)


_register: dict[str, Exercise] = {}


def exercise(
    id: str,
    *names: str,
    hints: tuple[str, ...] = (),
    wrong: Mapping[str, WrongAnswer] | None = None,
) -> Callable[[Checker], Checker]:
    """Register the decorated function as the checker of exercise `id`; it receives the values of `names`."""

    def register(checker: Checker) -> Checker:
        if id in _register:
            raise ValueError(f"two exercises are called {id}")
        lesson = checker.__module__.rpartition("lesson_")[2].partition("_")[0]  # lesson_06 and lesson_06_load are both of 06
        _register[id] = Exercise(id, lesson, names, checker, hints, wrong or {})
        return checker

    return register


@lru_cache(maxsize=1)
def _load_lessons() -> None:
    from lab.course import exercises

    for module in sorted(found.name for found in pkgutil.iter_modules(exercises.__path__)):
        import_module(f"{exercises.__name__}.{module}")


def all_exercises() -> dict[str, Exercise]:
    """Every exercise by its id, in the order of the lessons."""
    _load_lessons()
    return dict(_register)

"""Questions with their expected answers: one JSON object on each line of a file.

{"id": "volumes-1", "language": "en", "half": "test", "question": "…", "answer": "…",
 "must_contain": [["not deleted", "kept"]], "article": "volumes.md", "section": "What survives"}

A right answer contains one variant of each group in `must_contain`. `article` is null when the documents cannot answer.
Thresholds are chosen on the half `calibration` and judged on the half `test`.
"""

import hashlib
import json
import re
import unicodedata
from collections import defaultdict
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from lab.errors import InputError

Half = Literal["calibration", "test"]
HALVES: tuple[Half, ...] = ("calibration", "test")
MARKS = re.compile(r"[`*_]")
BLANKS = re.compile(r"\s+")
# Japanese is written with and without blanks around Latin words.
BESIDE_JAPANESE = re.compile(r"(?<=[ぁ-ヿ一-鿿。、]) | (?=[ぁ-ヿ一-鿿])")


def plain(text: str) -> str:
    """A text without the differences that do not matter: case, marks of Markdown, width of letters, blanks."""
    low = MARKS.sub("", unicodedata.normalize("NFKC", text)).casefold()
    return BESIDE_JAPANESE.sub("", BLANKS.sub(" ", low)).strip()


class _Line(BaseModel):
    """One line of the file, checked."""

    model_config = ConfigDict(extra="forbid", strict=True)

    id: str = Field(min_length=1)
    language: Literal["en", "ja"]
    question: str = Field(min_length=1)
    answer: str | None
    must_contain: list[list[str]]
    article: str | None
    section: str | None
    half: Half | None = None

    @model_validator(mode="after")
    def _agrees_with_itself(self) -> "_Line":
        if self.article and not (self.answer and self.section and self.must_contain):
            raise ValueError("a question with an article needs answer, section and must_contain")
        if not self.article and (self.answer or self.section or self.must_contain):
            raise ValueError("a question without an article has no answer, section or must_contain")
        if any(not group or not all(map(plain, group)) for group in self.must_contain):
            raise ValueError("each group of must_contain needs a variant, and no variant is empty")
        return self


@dataclass(frozen=True)
class Question:
    """A question, and what is known of its answer."""

    id: str
    language: str
    question: str
    answer: str | None
    must_contain: tuple[tuple[str, ...], ...]
    article: str | None
    section: str | None
    half: Half | None = None

    @property
    def answerable(self) -> bool:
        """True when the documents hold the answer."""
        return self.article is not None


def load(*files: Path) -> list[Question]:
    """All questions of these files. Raises InputError with file and line for the first that cannot be used."""
    seen: dict[str, str] = {}
    questions = []
    for file in files:
        for number, line in enumerate(_lines(file), start=1):
            if not line.strip():
                continue
            place = f"{file.name}, line {number}"
            question = _question(line, place)
            if question.id in seen:
                raise InputError(f"{place}: the id {question.id} stands in {seen[question.id]} already.", "Give each question its own id.")
            seen[question.id] = place
            questions.append(question)
    if not questions:
        raise InputError("There are no questions.", "Name a file that has some: lab eval --questions FILE")
    return questions


def _lines(file: Path) -> list[str]:
    try:
        return file.read_text("utf-8").split("\n")
    except OSError as error:
        hint = "Name a file of questions: lab eval --questions FILE"
        raise InputError(f"The questions {file} cannot be read ({error.strerror}).", hint) from error
    except UnicodeDecodeError as error:
        raise InputError(f"{file.name} is not UTF-8.", "Save it as UTF-8.") from error


def _question(line: str, place: str) -> Question:
    hint = "The form of a question stands at the top of lab/evaluate/questions.py."
    try:
        checked = _Line.model_validate(json.loads(line))
    except json.JSONDecodeError as error:
        raise InputError(f"{place}: it is not JSON ({error.msg}, column {error.colno}).", hint) from error
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(map(str, first["loc"]))
        raise InputError(f"{place}: {name + ': ' if name else ''}{first['msg'].removeprefix('Value error, ')}.", hint) from error
    values: dict[str, Any] = checked.model_dump()
    return Question(**{**values, "must_contain": tuple(map(tuple, checked.must_contain))})


def require_articles(questions: list[Question], corpus: Path) -> None:
    """Raises InputError for the first question whose article or section the documents do not have."""
    headings: dict[str, set[str]] = {}
    for one in questions:
        if not one.article:
            continue
        if one.article not in headings:
            headings[one.article] = _headings(corpus / one.article)
        if one.section not in headings[one.article]:
            what = f"the section “{one.section}”" if headings[one.article] else "no headings, or there is no such article"
            hint = "Write article and heading as they stand in the documents."
            raise InputError(f"Question {one.id}: {one.article} has {'not ' if headings[one.article] else ''}{what}.", hint)


def _headings(article: Path) -> set[str]:
    if not article.is_file():
        return set()
    return set(re.findall(r"^#{1,6} +(.+?) *#*$", article.read_text("utf-8"), re.MULTILINE))


def halved(questions: list[Question]) -> list[Question]:
    """The questions with their halves: each language and kind is shared equally, the same way in every run.

    The order inside a kind comes from the ids' digests, so a new question moves few others.
    """
    kinds: dict[tuple[str, bool], list[Question]] = defaultdict(list)
    for one in questions:
        kinds[one.language, one.answerable].append(one)
    half = {}
    for kind in kinds.values():
        ordered = sorted(kind, key=lambda one: hashlib.sha256(one.id.encode()).hexdigest())
        half.update({one.id: HALVES[place % 2] for place, one in enumerate(ordered)})
    return [replace(one, half=half[one.id]) for one in questions]


def choose(questions: list[Question], half: str = "all", language: str = "") -> list[Question]:
    """The questions of one half and language."""
    if half != "all" and any(one.half is None for one in questions):
        raise InputError(
            "The questions have no halves yet.", "Merge them: python -m lab.evaluate.merge FILES --output corpus/questions.jsonl"
        )
    chosen = [one for one in questions if half in ("all", one.half) and language in ("", one.language)]
    if not chosen:
        raise InputError(f"No question is of the half {half} and the language {language or 'any'}.", "Choose another half or language.")
    return chosen


def digest(questions: list[Question]) -> str:
    """Changes when a question changes; their order does not matter."""
    return hashlib.sha256(repr(sorted(questions, key=lambda one: one.id)).encode()).hexdigest()

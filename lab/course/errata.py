"""docs/errata.md: what tutorials get wrong, and the lesson that measures it. Made from the lessons, so it cannot claim more than they show.

Mistakes have numbers, B1 and so on. A lesson names them in its prose: `**Myth:** *CMD starts the server* (B49)`.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from lab.course.gates import FENCE
from lab.course.notebook import Notebook, read
from lab.settings import ROOT

FILE = Path("docs/errata.md")
NUMBERS = re.compile(r" ?\((B\d+(?:(?:, | and | to )B\d+)*)\)")
NUMBER = re.compile(r"B(\d+)")
HEADING = re.compile(r"^#+ (.*)")
BULLET = re.compile(r"^\s*(?:[-*>]|\d+\.) +")
HEAD = """# What tutorials get wrong

Each mistake was found in a tutorial, and each line names the lesson that shows it, most of them by measuring.
`lab notebooks build` writes this page from the lessons.

| number | the lesson says | lesson | section |
|---|---|---|---|
"""


@dataclass(frozen=True, order=True)
class Mistake:
    """One numbered mistake, where a lesson names it."""

    number: int
    lesson: str  # the notebook's file name
    section: str
    words: str


def mistakes(notebook: Notebook, lesson: str) -> Iterator[Mistake]:
    """Every number that the prose names, with its line and the heading above it; of a number named twice, the first."""
    section, seen = "", set()
    for cell in notebook["cells"]:
        for line in FENCE.sub("", cell["source"]).splitlines() if cell["cell_type"] == "markdown" else ():
            if heading := HEADING.match(line):
                section = heading[1]
            for named in NUMBERS.finditer(line):
                for number in NUMBER.findall(named[1]):
                    if number not in seen:
                        seen.add(number)
                        yield Mistake(int(number), lesson, _cell(section), _cell(line))


def _cell(line: str) -> str:
    """A line as a cell of a table."""
    return BULLET.sub("", NUMBERS.sub("", line)).replace("|", "\\|")


def page(root: Path = ROOT) -> str:
    """The whole page."""
    found = [mistake for path in sorted((root / "solutions").glob("*.ipynb")) for mistake in mistakes(read(path), path.name)]
    rows = [
        f"| B{one.number} | {one.words} | [{one.lesson[:3].strip('_')}](../solutions/{one.lesson}) | {one.section} |"
        for one in sorted(found)
    ]
    return HEAD + "\n".join(rows) + "\n"

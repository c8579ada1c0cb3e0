"""Several files of questions as one, checked and divided into halves.

python -m lab.evaluate.merge corpus/parts/*.jsonl --output corpus/questions.jsonl
"""

import argparse
import json
import sys
from collections import Counter
from dataclasses import asdict
from pathlib import Path

from lab.errors import LabError
from lab.evaluate.questions import Question, halved, load, require_articles
from lab.files import write_whole


def merge(files: list[Path], output: Path) -> list[Question]:
    """Write all questions into `output`, whose folder holds the articles."""
    questions = halved(load(*files))
    require_articles(questions, output.parent)
    lines = (json.dumps(asdict(one), ensure_ascii=False) for one in questions)
    write_whole(output, "\n".join(lines) + "\n")
    return questions


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(prog="python -m lab.evaluate.merge", description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("files", nargs="+", type=Path)
    parser.add_argument("--output", required=True, type=Path)
    chosen = parser.parse_args()
    try:
        questions = merge(chosen.files, chosen.output)
    except LabError as error:
        sys.exit(f"error: {error}")
    for (half, language, answerable), count in sorted(Counter((one.half or "", one.language, one.answerable) for one in questions).items()):
        print(f"{half:12} {language} {'answerable' if answerable else 'unanswerable':13} {count}")


if __name__ == "__main__":
    main()

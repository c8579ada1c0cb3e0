"""What the handbook's articles have in common, whatever their language: how a file is taken apart, and checks of its form."""

import ast
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import yaml

CORPUS = Path(__file__).resolve().parents[3] / "corpus"
LANGUAGES = {"bash", "dockerfile", "json", "python", "text", "yaml"}
FENCE = re.compile(r"^```([^\n]*)\n(.*?)^```$", re.M | re.S)
LINK = re.compile(r"\[[^\]]+\]\(([^)\s]+)\)")


@dataclass(frozen=True)
class Article:
    """One Markdown file, taken apart."""

    text: str
    folder: Path = CORPUS

    @property
    def blocks(self) -> list[tuple[str, str]]:
        return FENCE.findall(self.text)

    @property
    def prose(self) -> str:
        return FENCE.sub("", self.text)

    @property
    def headings(self) -> list[tuple[str, str]]:
        return re.findall(r"^(#+) (.+)$", self.prose, re.M)

    @property
    def sections(self) -> dict[str, str]:
        parts = re.split(r"^## (.+)\n", self.text, flags=re.M)
        return dict(zip(parts[1::2], parts[2::2], strict=True))

    @property
    def sentences(self) -> list[str]:
        """Source lines of prose and lists, without headings and list marks."""
        lines = (re.sub(r"^\s*(?:[-*]|\d+\.)\s+", "", line).strip() for line in self.prose.splitlines())
        return [line for line in lines if line and not line.startswith("#")]


def read(path: Path) -> Article:
    return Article(path.read_text("utf-8"), path.parent)


def one_title(a: Article) -> list[str]:
    titles = [text for mark, text in a.headings if mark == "#"]
    return [] if len(titles) == 1 and a.text.startswith("# ") else [f"{len(titles)} titles, or the title is not the first line"]


def live_links(a: Article) -> list[str]:
    relative = [target for target in LINK.findall(a.prose) if "://" not in target]
    return [f"dead link {target}" for target in relative if not (a.folder / target.split("#")[0]).is_file()]


def ends_with(closing: str, a: Article) -> list[str]:
    """Faults of the last section, which is named `closing` and lists facts."""
    title, body = list(a.sections.items())[-1] if a.sections else ("", "")
    facts = [line for line in body.splitlines() if line.startswith("- ")]
    return [] if title == closing and 3 <= len(facts) <= 5 else [f"ends with '{title}' and {len(facts)} facts"]


def parses(language: str, body: str) -> Exception | None:
    reader: dict[str, Callable[[str], object]] = {"yaml": yaml.safe_load, "python": ast.parse}
    try:
        if language == "json":
            [json.loads(line) for line in body.splitlines()] if body.count("\n{") else json.loads(body)
        else:
            reader.get(language, str)(body)
    except (yaml.YAMLError, ValueError, SyntaxError) as error:
        return error
    return None


def blocks_with_a_language(a: Article) -> list[str]:
    odd = a.prose.count("```")
    return [f"language '{mark}'" for mark, _ in a.blocks if mark not in LANGUAGES] + (["an open code block"] if odd else [])


def blocks_that_parse(a: Article) -> list[str]:
    return [f"{mark}: {error}" for mark, body in a.blocks if (error := parses(mark, body))]

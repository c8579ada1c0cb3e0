"""The handbook is read by people and searched by the lab: each article keeps a form that serves both."""

import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.unit.corpus.articles import CORPUS, Article, blocks_that_parse, blocks_with_a_language, ends_with, live_links, one_title, read

ARTICLES = sorted(CORPUS.glob("*.md"))
SECOND_SENTENCE = re.compile(r"[.!?][\"')*]*\s+[\"'(*]*(?:[A-Z]|`)")
BELITTLING = re.compile(r"\b(simply|just|obviously|easily|of course|trivial)\b", re.I)


def words(text: str) -> int:
    return len(text.split())


def readable_length(a: Article) -> list[str]:
    return [] if 300 <= words(a.prose) <= 700 else [f"{words(a.prose)} words"]


def sections_of_one_screen(a: Article) -> list[str]:
    found = {title: words(body) for title, body in a.sections.items() if title != "In short"}
    return [f"'{title}' has {n} words" for title, n in found.items() if not 60 <= n <= 150] + (
        [] if len(found) >= 3 else ["fewer than 3 sections"]
    )


def headings_that_name_things(a: Article) -> list[str]:
    asked = [text for _, text in a.headings if text.endswith("?")]
    return [f"questions as headings: {asked}"] if len(asked) > 2 else []


def one_sentence_a_line(a: Article) -> list[str]:
    lines = [(line, re.sub(r"`[^`]*`", "`x`", line)) for line in a.sentences]
    split = [line for line, plain in lines if SECOND_SENTENCE.search(plain.replace("e.g. ", "").replace("i.e. ", ""))]
    open_end = [line for line, plain in lines if not re.search(r"[.!?:][\"')*]*$", plain)]
    return [f"two sentences: {line}" for line in split] + [f"no full stop: {line}" for line in open_end]


def short_sentences(a: Article) -> list[str]:
    return [f"{words(line)} words: {line}" for line in a.sentences if words(line) > 26]


def sentences_that_stand_alone(a: Article) -> list[str]:
    return [
        f"starts with a pronoun: {line}" for line in a.sentences if re.match(r"(It|This|That|These|Those|They)\b(?! (lab|article)\b)", line)
    ]


def ends_in_short(a: Article) -> list[str]:
    return ends_with("In short", a)


def respectful_words(a: Article) -> list[str]:
    return BELITTLING.findall(a.prose)


CHECKS = [one_title, readable_length, sections_of_one_screen, headings_that_name_things, one_sentence_a_line, short_sentences]
CHECKS += [sentences_that_stand_alone, live_links, ends_in_short, blocks_with_a_language, blocks_that_parse, respectful_words]


@pytest.mark.parametrize("check", CHECKS, ids=lambda c: c.__name__)
@pytest.mark.parametrize("path", ARTICLES, ids=lambda p: p.stem)
def test_article_has(path: Path, check: Callable[[Article], list[str]]) -> None:
    assert check(read(path)) == []


def test_handbook_is_there() -> None:
    assert {"volumes", "ollama-api", "vector-search-with-chroma", "chunking", "healthchecks"} <= {p.stem for p in ARTICLES}


def test_no_sentence_is_written_twice() -> None:
    found = Counter(s for path in ARTICLES for s in read(path).sentences if words(s) > 3)
    assert [sentence for sentence, n in found.items() if n > 1] == []


BODY = "A volume keeps the files that a container writes, also after the container is gone.\n" * 5
GOOD = "# Title\n\nA first sentence.\n\n" + "".join(f"## Part {i}\n\n{BODY}\n" for i in range(5)) + "## In short\n\n" + "- One fact.\n" * 3
BAD = {
    one_title: GOOD.replace("## Part 1", "# Part 1"),
    readable_length: GOOD.replace(BODY, "Short.\n"),
    sections_of_one_screen: GOOD.replace(BODY, BODY * 3, 1),
    headings_that_name_things: GOOD.replace("## Part 1", "## Who?").replace("## Part 2", "## What?").replace("## Part 3", "## Why?"),
    one_sentence_a_line: GOOD.replace("A first sentence.", "A first sentence. A second one."),
    short_sentences: GOOD.replace("A first sentence.", "word " * 29 + "."),
    sentences_that_stand_alone: GOOD.replace("A first sentence.", "It keeps files."),
    live_links: GOOD.replace("A first sentence.", "See [here](no-such-article.md)."),
    ends_in_short: GOOD.replace("## In short", "## Summary"),
    blocks_with_a_language: GOOD.replace("A first sentence.", "A first sentence.\n\n```\nls\n```"),
    blocks_that_parse: GOOD.replace("A first sentence.", "A first sentence.\n\n```json\n{'a': 1}\n```"),
    respectful_words: GOOD.replace("A first sentence.", "Simply type the name."),
}


@pytest.mark.parametrize("check", CHECKS, ids=lambda c: c.__name__)
def test_good_specimen_passes(check: Callable[[Article], list[str]]) -> None:
    assert check(Article(GOOD)) == []


@pytest.mark.parametrize("check", CHECKS, ids=lambda c: c.__name__)
def test_specimen_with_one_flaw_is_found(check: Callable[[Article], list[str]]) -> None:
    assert check(Article(BAD[check])) != []

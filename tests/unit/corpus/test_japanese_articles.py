"""The Japanese articles keep the form of the English ones, measured in characters, and the typography of Japanese text."""

import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.unit.corpus.articles import CORPUS, Article, blocks_that_parse, blocks_with_a_language, ends_with, live_links, one_title, read

FOLDER = CORPUS / "ja"
ARTICLES = sorted(FOLDER.glob("*.md"))
CLOSING = "まとめ"
CODE = re.compile(r"`[^`]*`")
TARGET = re.compile(r"(?<=\])\([^)\s]+\)")
POINTING = re.compile(r"(?:[そこ][れこう]|その|前者|後者|上記)|この(?!ラボ|記事)")
# Full-width letters, digits and signs; Japanese writes brackets, question marks and exclamation marks full-width. Half-width katakana.
ODD_WIDTH = re.compile(r"(?![（）？！])[\uff01-\uff5e]|[\uff61-\uff9f]")
POLITE = re.compile(r"(?:ます|です|ません|でした|ました|ください)。$")


def characters(text: str) -> int:
    """Length of what is read as Japanese: code, the targets of links and blanks do not count."""
    return len(re.sub(r"\s", "", TARGET.sub("", CODE.sub("", text))))


def readable_length(a: Article) -> list[str]:
    return [] if 800 <= characters(a.prose) <= 1600 else [f"{characters(a.prose)} characters"]


def sections_of_one_screen(a: Article) -> list[str]:
    found = {title: characters(Article(body).prose) for title, body in a.sections.items() if title != CLOSING}
    return [f"'{title}' has {n} characters" for title, n in found.items() if not 120 <= n <= 450] + (
        [] if len(found) >= 3 else ["fewer than 3 sections"]
    )


def one_sentence_a_line(a: Article) -> list[str]:
    plain = [re.sub(r"「[^」]*」", "「」", CODE.sub("`x`", line)) for line in a.sentences]
    return [line for line in plain if line.count("。") != 1 or not line.endswith("。")]


def short_sentences(a: Article) -> list[str]:
    return [f"{characters(line)} characters: {line}" for line in a.sentences if characters(line) > 70]


def polite_sentences(a: Article) -> list[str]:
    return [line for line in a.sentences if not POLITE.search(line)]


def sentences_that_stand_alone(a: Article) -> list[str]:
    return [line for line in a.sentences if POINTING.match(line)]


def usual_widths(a: Article) -> list[str]:
    return ODD_WIDTH.findall(a.text)


def ends_in_matome(a: Article) -> list[str]:
    return ends_with(CLOSING, a)


CHECKS = [one_title, readable_length, sections_of_one_screen, one_sentence_a_line, short_sentences, polite_sentences]
CHECKS += [sentences_that_stand_alone, usual_widths, live_links, ends_in_matome, blocks_with_a_language, blocks_that_parse]


@pytest.mark.parametrize("check", CHECKS, ids=lambda c: c.__name__)
@pytest.mark.parametrize("path", ARTICLES, ids=lambda p: p.stem)
def test_japanese_article_has(path: Path, check: Callable[[Article], list[str]]) -> None:
    assert check(read(path)) == []


def test_japanese_handbook_is_there() -> None:
    expected = {"containers-and-images", "volumes", "ports-and-networks", "ollama-api", "embeddings-and-vector-search", "rag-pipeline"}
    assert expected <= {path.stem for path in ARTICLES}


def test_no_japanese_sentence_is_written_twice() -> None:
    found = Counter(sentence for path in ARTICLES for sentence in read(path).sentences)
    assert [sentence for sentence, n in found.items() if n > 1] == []


FIRST = "コンテナは、イメージから作られた実行中のコピーです。"
BODY = "ボリュームは、コンテナが書き込んだファイルを、コンテナを削除したあとも残します。\n" * 5
GOOD = f"# 題名\n\n{FIRST}\n\n" + "".join(f"## 第{i}節\n\n{BODY}\n" for i in range(5)) + "## まとめ\n\n" + "- 事実は1つです。\n" * 3
BAD = {
    one_title: GOOD.replace("## 第1節", "# 第1節"),
    readable_length: GOOD.replace(BODY, "短い文です。\n"),
    sections_of_one_screen: GOOD.replace(BODY, BODY * 3, 1),
    one_sentence_a_line: GOOD.replace(FIRST, "最初の文です。次の文です。"),
    short_sentences: GOOD.replace(FIRST, "長い" * 40 + "文です。"),
    polite_sentences: GOOD.replace(FIRST, "コンテナは実行中のコピーである。"),
    sentences_that_stand_alone: GOOD.replace(FIRST, "それはファイルを残します。"),
    usual_widths: GOOD.replace("1つ", "１つ"),
    live_links: GOOD.replace(FIRST, "[ここ](no-such-article.md)に説明があります。"),
    ends_in_matome: GOOD.replace("## まとめ", "## 要約"),
    blocks_with_a_language: GOOD.replace(FIRST, f"{FIRST}\n\n```\nls\n```"),
    blocks_that_parse: GOOD.replace(FIRST, f"{FIRST}\n\n```json\n{{'a': 1}}\n```"),
}


@pytest.mark.parametrize("check", CHECKS, ids=lambda c: c.__name__)
def test_good_japanese_specimen_passes(check: Callable[[Article], list[str]]) -> None:
    assert check(Article(GOOD, FOLDER)) == []


@pytest.mark.parametrize("check", CHECKS, ids=lambda c: c.__name__)
def test_japanese_specimen_with_one_flaw_is_found(check: Callable[[Article], list[str]]) -> None:
    assert check(Article(BAD[check], FOLDER)) != []


@pytest.mark.parametrize("mark", ["Ａ", "１", "，", "：", "ｶ", "｡"])
def test_letters_of_unusual_width_are_found(mark: str) -> None:
    assert usual_widths(Article(f"# 題名{mark}")) == [mark]

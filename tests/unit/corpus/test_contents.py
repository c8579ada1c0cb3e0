"""The handbook's table of contents."""

import re

from lab.settings import ROOT
from tests.unit.corpus.articles import CORPUS

CONTENTS = ROOT / "docs/handbook.md"
LINKS = re.findall(r"^- \[(.+)\]\((.+)\)$", CONTENTS.read_text("utf-8"), re.M)


def test_every_article_stands_in_the_contents_once():
    listed = sorted((CONTENTS.parent / target).resolve() for _, target in LINKS)
    assert listed == sorted(CORPUS.rglob("*.md"))


def test_the_contents_name_articles_by_their_titles():
    titles = {target: (CONTENTS.parent / target).read_text("utf-8").splitlines()[0].removeprefix("# ") for _, target in LINKS}
    assert {target: text for text, target in LINKS} == titles

"""What has to be known of each embedding model: the words it expects before a text, and the writing it can read.

A model that was trained with such words finds less without them. They are noted in the collection, because vectors made
with other ones do not match.
"""

import re
from dataclasses import dataclass

LATIN_WORD = re.compile(r"[A-Za-zÀ-ɏ]+")
JAPANESE = re.compile(r"[ぁ-ヿ々一-鿿ｦ-ﾟ]")
OTHER = re.compile(r"[^\W\d_A-Za-zÀ-ɏ]")  # a letter that is not Latin
LETTERS = 2  # such letters that say about as much as one English word


@dataclass(frozen=True)
class EmbeddingModel:
    """Prefixes for passages and for questions; `scripts` is empty when the model reads every writing.

    `floor` is the cosine that a question and an unrelated passage have: 0 for most models, far more for those that press
    all texts into a narrow cone.
    """

    passage: str = ""
    query: str = ""
    scripts: frozenset[str] = frozenset()
    language: str = "many languages"
    floor: float = 0.0
    tokens: int = 512  # it reads at once


LATIN = frozenset({"latin"})
MODELS = {
    "all-minilm": EmbeddingModel("", "", LATIN, "English", tokens=256),
    "nomic-embed-text": EmbeddingModel("search_document: ", "search_query: ", LATIN, "English"),
    "multilingual-e5-small": EmbeddingModel("passage: ", "query: ", floor=0.75),  # 19 of 20 unrelated pairs: 0.74 to 0.85
}
UNKNOWN = EmbeddingModel(language="an unknown set of languages")


def about(model: str) -> EmbeddingModel:
    """What is known of a model; of one that is not in the table, that it takes texts as they are and reads everything."""
    return MODELS.get(model.rpartition("/")[2].partition(":")[0], UNKNOWN)


def script(text: str) -> str:
    """The writing of most of a text: `latin`, `japanese` or `other`."""
    others = OTHER.findall(text)
    if len(others) / LETTERS <= len(LATIN_WORD.findall(text)):
        return "latin"
    return "japanese" if len(JAPANESE.findall(text)) > len(others) / 2 else "other"


def reads(model: str, text: str) -> bool:
    """False when the model was not trained on the writing of this text: its vector is then noise."""
    scripts = about(model).scripts
    return not scripts or script(text) in scripts

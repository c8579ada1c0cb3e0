"""Words as the keyword side of the pipeline compares them: small, stemmed a little, Japanese as pairs of characters."""

import math
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping
from functools import lru_cache

# Too common to tell two passages apart; a question's own words (how, what) are among them.
COMMON = """
a about after all also am an and any are as at be because been before but by can could did do does doing done for from get gets
had has have having here how i if in into is it its itself just let may me might more most much must my no nor not of off on
once one only or other our out own same shall she should so some such than that the their them then there these they this
those through to too under until up us use used uses using very was we were what when where whether which while who whom whose
why will with without would you your
anybody anything bad big difference differences ever everybody everyone everything explain good happen happens like made make makes making
mean means now please really somebody someone something still tell thing things want wants way ways
"""
STOP = frozenset(COMMON.split())
LATIN = re.compile(r"[a-z0-9à-öø-ÿ]+(?:['’](?!s\b)[a-z]+)?")
JAPANESE = re.compile(r"[ぁ-ヿ々一-鿿ｦ-ﾟ]+")
OTHER = re.compile(r"[^\W\d_a-zà-öø-ÿぁ-ヿ々一-鿿]+")  # words of every other writing
HIRAGANA = re.compile(r"[ぁ-ゟ]+")
ENDINGS = (("ies", "y"), ("sses", "ss"), ("ing", ""), ("ed", ""), ("es", "e"), ("s", ""))


# Flags, paths, file and model names, options: what people search for letter by letter.
WHOLE = re.compile(r"(?<![\w-])--?[a-z][\w-]*|(?:(?<![\w/])/)?[a-z0-9_]+(?:[./:@_-]+[a-z0-9_]+)+|[a-z0-9]*_[a-z0-9_]+")


def tokens(text: str) -> list[str]:
    """What a keyword index holds of a text: its terms, and identifiers once more as a whole."""
    return terms(text) + WHOLE.findall(_plain(text))


def terms(text: str) -> list[str]:
    """The terms of a text, in order, with repetitions; without the words that stand in every text."""
    low = _plain(text)
    latin = [stem(word) for word in LATIN.findall(low) if word not in STOP]
    pairs = [run[i : i + 2] for run in JAPANESE.findall(low) for i in range(max(len(run) - 1, 1))]
    others = [] if low.isascii() else OTHER.findall(low)
    return latin + others + [pair for pair in pairs if not HIRAGANA.fullmatch(pair)]


def _plain(text: str) -> str:
    """Small letters, and one form for letters that Unicode has twice: Ｃｈｒｏｍａ, ｺﾝﾃﾅ."""
    return (text if text.isascii() else unicodedata.normalize("NFKC", text)).lower()


@lru_cache(maxsize=2048)
def term_set(text: str) -> frozenset[str]:
    """The terms of a passage, remembered: the same passages are found again and again."""
    return frozenset(terms(text))


@lru_cache(maxsize=65536)
def stem(word: str) -> str:
    """A word without its commonest endings: containers → container, deleted → delet, deleting → delet."""
    for ending, instead in ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= 3 and not word.endswith("ss"):
            word = word[: -len(ending)] + instead
            if ending in ("ing", "ed") and word[-1] == word[-2] and word[-1] not in "lsz":
                word = word[:-1]  # stopped → stop
            break
    return word[:-1] if len(word) > 4 and word.endswith("e") else word


class Lexicon:
    """How rare each term is in a set of texts: a rare term that two texts share says more."""

    def __init__(self, texts: Iterable[str]):
        self.size = 0
        self.texts_with: Counter[str] = Counter()
        for text in texts:
            self.size += 1
            self.texts_with.update(set(terms(text)))

    @classmethod
    def of(cls, size: int, texts_with: Mapping[str, int]) -> "Lexicon":
        """From counts that are known already."""
        lexicon = cls([])
        lexicon.size, lexicon.texts_with = size, Counter(texts_with)
        return lexicon

    def weight(self, term: str) -> float:
        """Inverse document frequency, as BM25 counts it; a term that occurs nowhere weighs most."""
        seen = self.texts_with[term]
        return math.log(1 + (self.size - seen + 0.5) / (seen + 0.5))

    def cover(self, wanted: Iterable[str], found: Iterable[str]) -> float:
        """Share (0 to 1) of the weight of `wanted` terms that occurs in `found`."""
        needed, there = set(wanted), set(found)
        total = math.fsum(map(self.weight, needed))  # exact: sets come in any order, and a share must not exceed 1
        return math.fsum(map(self.weight, needed & there)) / total if total else 0.0

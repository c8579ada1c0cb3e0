"""What must stand in the sources letter by letter: code, paths, flags, numbers, versions, names. And what denies.

A small model invents names that look right (`/api/chat/preload`, `delete_model()`); this catches most of that.
"""

import re

SPAN = re.compile(r"`([^`\n]+)`")
FENCED = re.compile(r"^\s*(?:```|~~~)[^\n]*\n(.*?)(?:^\s*(?:```|~~~)|\Z)", re.MULTILINE | re.DOTALL)
# Flags; paths; calls; words with a digit or underscore; words joined by signs that prose does not join words with.
# ASCII: Japanese has no blanks, so in 「ポート8000です」 the letters around a number must not become part of it.
IDENTIFIER = re.compile(r"(?<!\w)--?[A-Za-z][\w-]*|(?<!\w)/[\w./{}-]+|\w+\(\)|\w*[\d_]\w*(?:[.,:/%-]\w+)*|\w+(?:[./:@]\w+)+", re.ASCII)
NAME = re.compile(r"\b[A-Za-z]*[a-z][A-Z]\w*\b|\b[A-Z]{2,}\b|(?<=[\w,;)] )[A-Z][a-z]+\b", re.ASCII)
# Japanese forms with a negation in them that deny nothing: must, may, only, not only, few.
NO_NEGATION = re.compile(
    r"(?:なければ|なくては|ないと)(?:なりません|ならない|いけません|いけない)|かもしれ(?:ない|ません)|しかない|だけでなく|少ない|に違いない"
)
NEGATION = re.compile(
    r"\b(?:not|no|never|none|nothing|nobody|neither|nor|cannot|refuses?d?|fails?)\b|n['’]t\b|ない|ません|なかっ|ずに|不可|失敗|拒否"
)
NUMBER = re.compile(r"(?<![\w.])\d[\d.,:]*\d|(?<![\w.])\d(?!\w)", re.ASCII)
PARTICLE = re.compile(r"^\s*(yes|no|はい|いいえ)\b[,.:;、。]?\s*", re.IGNORECASE)


def missing(sentence: str, source: str) -> set[str]:
    """Code, identifiers, numbers and names of the sentence that the source does not contain, as whole words and exactly."""
    code = "\n".join(SPAN.findall(source) + FENCED.findall(source)) or source
    plain = SPAN.sub(" ", sentence)
    found = {match.rstrip(".,:") for match in IDENTIFIER.findall(plain)} | set(NAME.findall(plain))
    first = sentence.split(maxsplit=1)[0] if sentence.split() else ""
    lost = {part for part in SPAN.findall(sentence) if not _stands_in(part.strip(), code)}
    lost |= {part for part in found if not (_stands_in(part, source) or (part == first and _stands_in(_small(part), source)))}
    return lost


def same_numbers(sentence: str, source: str) -> bool:
    """True when the sentence's numbers come in the source sentence's order, none more often: each keeps what it stands for."""
    rest = iter(NUMBER.findall(source))
    return all(number in rest for number in NUMBER.findall(sentence))


def unknown_numbers(question: str, source: str) -> set[str]:
    """Numbers that are asked about and that the source does not contain."""
    return {number for number in NUMBER.findall(question) if not _stands_in(number, source)}


def unknown_names(question: str, source: str) -> set[str]:
    """Names and identifiers that are asked about and that the source does not contain, however they are written."""
    known = source.lower()
    return {part for part in missing(question, source) if part.lower() not in known}


def _stands_in(part: str, source: str) -> bool:
    return re.search(rf"(?<![A-Za-z0-9_]){re.escape(part)}(?![A-Za-z0-9_])", source) is not None


def _small(word: str) -> str:
    """The word without the capital letter that it has only because a sentence begins with it."""
    return word[:1].lower() + word[1:]


def denies(sentence: str) -> bool:
    """True when the sentence says that something is not so: an odd number of negations."""
    plain = NO_NEGATION.sub("", PARTICLE.sub("", sentence).lower())
    return len(NEGATION.findall(plain)) % 2 == 1


def particle(sentence: str) -> str:
    """`yes` or `no` when the sentence begins with it, else an empty string."""
    found = PARTICLE.match(sentence)
    return {"はい": "yes", "いいえ": "no"}.get(found[1], found[1].lower()) if found else ""

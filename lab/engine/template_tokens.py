"""Cuts a TEMPLATE into texts and the tokens of its actions."""

import re
from dataclasses import dataclass
from typing import Any

from lab.engine.errors import EngineError

_END = re.compile(r"\s+-\}\}|\s*\}\}")
_TOKEN = re.compile(
    r"""(?P<comment>/\*.*?\*/) | (?P<string>"(?:\\.|[^"\\\n])*") | (?P<raw>`[^`]*`)
      | (?P<number>[+-]?\d+(?:\.\d+)?) | (?P<path>\$\w*(?:\.[^\W\d]\w*)* | (?:\.[^\W\d]\w*)+ | \.) | (?P<word>[^\W\d]\w*)
      | (?P<mark>:=|=|,|\||\() | (?P<close>\))""",
    re.VERBOSE | re.DOTALL,
)
_SPACE = re.compile(r"\s*")


@dataclass(frozen=True)
class Token:
    """One token, with its line for errors."""

    kind: str
    text: str
    line: int


def syntax_error(line: int, reason: str) -> EngineError:
    """The error for a template, in the form of Go's."""
    return EngineError(400, f"template: :{line}: {reason}")


def split(source: str) -> list[str | list[Token]]:
    """Texts and actions in turn, blanks trimmed where `{{-` and `-}}` ask for it."""
    items: list[str | list[Token]] = []
    at, trim_left = 0, False
    while (start := source.find("{{", at)) >= 0:
        text, inside = source[at:start], start + 2
        if source[inside : inside + 1] == "-" and source[inside + 1 : inside + 2].isspace():
            text, inside = text.rstrip(" \t\r\n"), inside + 1
        items.append(text.lstrip(" \t\r\n") if trim_left else text)
        tokens, at, trim_left = _tokens(source, inside)
        items.append(tokens)
    items.append(source[at:].lstrip(" \t\r\n") if trim_left else source[at:])
    return items


def _tokens(source: str, at: int) -> tuple[list[Token], int, bool]:
    """Tokens of the action at `at`, where it ends, and whether the text after it is trimmed."""
    tokens: list[Token] = []
    while not (end := _END.match(source, at)):
        blank = _SPACE.match(source, at)
        at = blank.end() if blank else at
        line = source.count("\n", 0, at) + 1
        token = _TOKEN.match(source, at)
        if not token:
            raise syntax_error(line, "unclosed action" if at >= len(source) else f"unexpected {source[at]!r} in an action")
        tokens.append(Token(str(token.lastgroup), token[0], line))
        at = token.end()
    line = source.count("\n", 0, at) + 1
    return [*tokens, Token("end", "}}", line)], end.end(), end[0].endswith("-}}")


def literal(token: Token) -> Any:
    """The value of a number or a string."""
    if token.kind == "number":
        return float(token.text) if "." in token.text else int(token.text)
    if token.kind == "raw":
        return token.text[1:-1]
    try:
        return token.text[1:-1].encode("latin-1", "backslashreplace").decode("unicode_escape")
    except UnicodeDecodeError as error:
        raise syntax_error(token.line, f"malformed string {token.text}") from error

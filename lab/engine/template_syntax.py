"""Reads a TEMPLATE into a tree: the part of Go's text/template that models use.

Node     = Text | Action | Branch (if, with, range) | Jump (break, continue)
Pipe     = [variables :=] command | command | …
Command  = operand operand …
Operand  = Constant | Path (of a variable or of the dot) | Function | Group ( … )
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from lab.engine.template_functions import FUNCTIONS, LAZY
from lab.engine.template_tokens import Token, literal, split, syntax_error

_WORDS = {"true": True, "false": False, "nil": None}
_KEYWORDS = {"if", "with", "range", "else", "end", "break", "continue", "define", "template", "block"}


@dataclass(frozen=True)
class Text:
    """Text outside of braces."""

    text: str


@dataclass(frozen=True)
class Constant:
    """A literal."""

    value: Any


@dataclass(frozen=True)
class Path:
    """`$name.A.B`, or `.A.B` when `variable` is empty."""

    variable: str
    fields: tuple[str, ...]


@dataclass(frozen=True)
class Function:
    """The name of a function."""

    name: str


@dataclass(frozen=True)
class Group:
    """`( pipe ).A.B`."""

    pipe: "Pipe"
    fields: tuple[str, ...]


Operand = Constant | Path | Function | Group


@dataclass(frozen=True)
class Pipe:
    """Commands, each handing its result to the next; then `variables` get the result."""

    variables: tuple[str, ...]
    declares: bool
    commands: tuple[tuple[Operand, ...], ...]


@dataclass(frozen=True)
class Action:
    """`{{ pipe }}`: prints, unless it sets a variable."""

    pipe: Pipe


@dataclass(frozen=True)
class Branch:
    """`{{ if }}`, `{{ with }}` or `{{ range }}`, with its `{{ else }}`."""

    kind: str
    pipe: Pipe
    body: tuple["Node", ...]
    otherwise: tuple["Node", ...]


@dataclass(frozen=True)
class Jump:
    """`{{ break }}` or `{{ continue }}`."""

    kind: str


Node = Text | Action | Branch | Jump


@lru_cache(maxsize=32)
def parse_template(source: str) -> tuple[Node, ...]:
    """The tree of a template. Raises EngineError that names the line, and what it does not know."""
    try:
        return _Parser(split(source)).parse()
    except RecursionError as error:
        raise syntax_error(1, "too deeply nested") from error


class _Parser:
    def __init__(self, items: list[str | list[Token]]):
        self.items = iter(items)
        self.tokens: list[Token] = []  # of the current action, the next one first

    def parse(self) -> tuple[Node, ...]:
        nodes = self.nodes()
        if self.tokens:
            raise syntax_error(self.tokens[0].line, f"unexpected {{{{{self.tokens[0].text}}}}}")
        return nodes

    def nodes(self) -> tuple[Node, ...]:
        """Nodes up to an `else` or `end`, which stays the current action, or to the end of the template."""
        nodes: list[Node] = []
        for item in self.items:
            if isinstance(item, str):
                nodes += [Text(item)] if item else []
                continue
            self.tokens = item
            if item[0].text in ("else", "end") and item[0].kind == "word":
                return tuple(nodes)
            if item[0].kind != "comment":
                nodes.append(self.node())
            self.tokens = []
        return tuple(nodes)

    def node(self) -> Node:
        first = self.tokens[0]
        if first.kind != "word" or first.text not in _KEYWORDS:
            return Action(self.pipe("end"))
        self.take()
        if first.text in ("if", "with", "range"):
            return self.branch(first)
        if first.text in ("break", "continue"):
            self.expect("end")
            return Jump(first.text)
        raise syntax_error(first.line, f"{{{{{first.text}}}}} is not supported here")

    def branch(self, first: Token) -> Branch:
        pipe = self.pipe("end")
        body = self.nodes()
        otherwise: tuple[Node, ...] = ()
        if self.closing(first) == "else":
            if self.tokens[0].text in ("if", "with"):  # else if, else with: a branch inside, closed by the same end
                return Branch(first.text, pipe, body, (self.branch(self.take()),))
            self.expect("end")
            otherwise = self.nodes()
            if self.closing(first) == "else":
                raise syntax_error(first.line, "expected end; found {{else}}")
        self.expect("end")
        return Branch(first.text, pipe, body, otherwise)

    def closing(self, opened: Token) -> str:
        if not self.tokens:
            raise syntax_error(opened.line, f"unexpected EOF: {{{{{opened.text}}}}} is not closed by {{{{end}}}}")
        return self.take().text

    def pipe(self, until: str) -> Pipe:
        variables, declares = self.variables()
        commands = [self.command(until)]
        while self.tokens[0].text == "|":
            self.take()
            commands.append(self.command(until))
        self.expect(until)
        return Pipe(variables, declares, tuple(commands))

    def variables(self) -> tuple[tuple[str, ...], bool]:
        names: list[str] = []
        marks = [token.text for token in self.tokens[:4]]
        if marks[1:2] in ([":="], ["="]) or (marks[1:2] == [","] and marks[3:4] in ([":="], ["="])):
            names.append(self.take().text)
            while self.tokens[0].text == ",":
                self.take()
                names.append(self.take().text)
            return tuple(names), self.take().text == ":="
        return (), False

    def command(self, until: str) -> tuple[Operand, ...]:
        operands = []
        while self.tokens[0].kind != until and self.tokens[0].text != "|":
            operands.append(self.operand())
        if not operands:
            raise syntax_error(self.tokens[0].line, "missing value for command")
        return tuple(operands)

    def operand(self) -> Operand:
        token = self.take()
        if token.kind in ("string", "raw", "number"):
            return Constant(literal(token))
        if token.kind == "path":
            variable, *fields = token.text.split(".")
            return Path(variable, tuple(field for field in fields if field))
        if token.kind == "word":
            return self.word(token)
        if token.text == "(":
            pipe = self.pipe("close")
            chained = self.tokens[0].kind == "path" and self.tokens[0].text.startswith(".")
            return Group(pipe, tuple(self.take().text.split(".")[1:]) if chained else ())
        raise syntax_error(token.line, f"unexpected {token.text!r} in an action")

    def word(self, token: Token) -> Operand:
        if token.text in _WORDS:
            return Constant(_WORDS[token.text])
        if token.text not in FUNCTIONS and token.text not in LAZY:
            raise syntax_error(token.line, f'function "{token.text}" not defined')
        return Function(token.text)

    def take(self) -> Token:
        return self.tokens.pop(0)

    def expect(self, kind: str) -> None:
        token = self.take()
        if token.kind != kind:
            raise syntax_error(token.line, f"unexpected {token.text!r} in an action")

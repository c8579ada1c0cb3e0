"""Fills in a template's tree, with the values that it names."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from lab.engine.errors import EngineError
from lab.engine.template_functions import FUNCTIONS, LAZY, text_of, truthy
from lab.engine.template_syntax import Action, Branch, Constant, Function, Group, Jump, Node, Operand, Path, Pipe, Text


def run_template(nodes: Sequence[Node], data: Mapping[str, Any]) -> str:
    """The text that the template makes of `data`. Raises EngineError."""
    return "".join(_Run(data).texts(nodes, data))


class _Jumped(Exception):
    """`break` or `continue`, on its way to the loop."""


class _Run:
    """One filling in: the variables that are known, innermost last."""

    def __init__(self, data: Mapping[str, Any]):
        self.variables: list[tuple[str, Any]] = [("$", data)]

    def texts(self, nodes: Sequence[Node], dot: Any) -> Iterator[str]:
        known = len(self.variables)
        try:
            for node in nodes:
                if isinstance(node, Text):
                    yield node.text
                elif isinstance(node, Branch):
                    yield from self.branch(node, dot)
                elif isinstance(node, Jump):
                    raise _Jumped(node.kind)
                else:
                    yield from self.action(node, dot)
        finally:
            del self.variables[known:]

    def action(self, node: Action, dot: Any) -> Iterator[str]:
        value = self.pipe(node.pipe, dot)
        if not node.pipe.variables:
            yield text_of(value)

    def branch(self, node: Branch, dot: Any) -> Iterator[str]:
        known = len(self.variables)
        if node.kind == "range":
            yield from self.range(node, dot)
        else:
            value = self.pipe(node.pipe, dot)
            inner = value if node.kind == "with" and truthy(value) else dot
            yield from self.texts(node.body if truthy(value) else node.otherwise, inner)
        del self.variables[known:]

    def range(self, node: Branch, dot: Any) -> Iterator[str]:
        items = _items(self.value(node.pipe, dot))
        if not items:
            yield from self.texts(node.otherwise, dot)
        for index, item in items:
            known = len(self.variables)
            self.variables += zip(node.pipe.variables, (index, item) if len(node.pipe.variables) == 2 else (item,), strict=False)
            try:
                yield from self.texts(node.body, item)
            except _Jumped as jump:
                if str(jump) == "break":
                    return
            finally:
                del self.variables[known:]

    def pipe(self, pipe: Pipe, dot: Any) -> Any:
        """The pipe's value; its variables are set."""
        value = self.value(pipe, dot)
        for name in pipe.variables:
            self.set(name, value, pipe.declares)
        return value

    def value(self, pipe: Pipe, dot: Any) -> Any:
        first, *others = pipe.commands
        value = self.command(first, dot)
        for command in others:
            value = self.command((*command, Constant(value)), dot)
        return value

    def command(self, operands: tuple[Operand, ...], dot: Any) -> Any:
        first, *rest = operands
        if isinstance(first, Function):
            return self.call(first.name, rest, dot)
        if rest:
            raise EngineError(400, "template: can't give argument to non-function")
        return self.operand(first, dot)

    def call(self, name: str, operands: list[Operand], dot: Any) -> Any:
        try:
            if name in LAZY:
                return self.decide(name == "or", operands, dot)
            return FUNCTIONS[name](*(self.operand(operand, dot) for operand in operands))
        except (TypeError, ValueError, IndexError, StopIteration, AttributeError) as error:
            raise EngineError(400, f"template: error calling {name}: {error}") from error

    def decide(self, wanted: bool, operands: list[Operand], dot: Any) -> Any:
        value = None
        for operand in operands:
            value = self.operand(operand, dot)
            if truthy(value) is wanted:
                break
        return value

    def operand(self, operand: Operand, dot: Any) -> Any:
        if isinstance(operand, Constant):
            return operand.value
        if isinstance(operand, Path):
            return _fields(self.get(operand.variable) if operand.variable else dot, operand.fields)
        if isinstance(operand, Group):
            return _fields(self.value(operand.pipe, dot), operand.fields)
        return self.call(operand.name, [], dot)

    def get(self, name: str) -> Any:
        return self.variables[self.position(name)][1]

    def set(self, name: str, value: Any, new: bool) -> None:
        if new:
            self.variables.append((name, value))
        else:
            self.variables[self.position(name)] = (name, value)

    def position(self, name: str) -> int:
        for position in reversed(range(len(self.variables))):
            if self.variables[position][0] == name:
                return position
        raise EngineError(400, f'template: undefined variable "{name}"')


def _items(value: Any) -> list[tuple[Any, Any]]:
    if isinstance(value, Mapping):
        return sorted(value.items())
    if isinstance(value, int) and not isinstance(value, bool):
        return [(number, number) for number in range(value)]
    if value is None or isinstance(value, list | tuple):
        return list(enumerate(value or ()))
    raise EngineError(400, f"template: range can't iterate over {text_of(value)}")


def _fields(value: Any, fields: tuple[str, ...]) -> Any:
    for field in fields:
        if value is None:  # an absent value has no fields, and no error: as Go's nil
            return None
        if not isinstance(value, Mapping):
            raise EngineError(400, f"template: can't evaluate field {field} in {text_of(value)}")
        value = value.get(field)
    return value

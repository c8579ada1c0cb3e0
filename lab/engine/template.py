"""What a model's TEMPLATE makes of a chat, as Ollama does it.

A template that knows `.Messages` gets all of them at once. An older one, with `.System`, `.Prompt` and `.Response`, is filled
in once per turn; the last time it ends where the model's answer begins.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from lab.engine.template_run import run_template
from lab.engine.template_syntax import Action, Branch, Group, Node, Operand, Path, Pipe, parse_template

_RESPONSE = Action(Pipe((), False, ((Path("", ("Response",)),),)))
Message = Mapping[str, Any]


def render(template: str, *, messages: Sequence[Message] = (), system: str = "", prompt: str = "", response: str = "") -> str:
    """The prompt that the model reads.

    messages: {"role", "content", …}; `system`, `prompt` and `response` add one turn of their own. `response` is the beginning
    of an answer that the model goes on with. Raises EngineError for a template that cannot be read or filled in.
    """
    nodes = parse_template(template)
    own = {"system": system, "user": prompt, "assistant": response}
    turns = _merged([*messages, *({"role": role, "content": text} for role, text in own.items() if text)])
    if "Messages" in set(_names(nodes)):
        joined = "\n\n".join(turn["Content"] for turn in turns if turn["Role"] == "system")
        return run_template(nodes, {"System": joined, "Messages": turns, "Response": ""})
    return _turn_by_turn(nodes, turns)


def validate(template: str) -> None:
    """Raise EngineError for a template that cannot be read."""
    parse_template(template)


def _merged(messages: Iterable[Message]) -> list[dict[str, Any]]:
    """The messages with Go's field names; neighbours of one role become one message, tools' results excepted."""
    turns: list[dict[str, Any]] = []
    for message in messages:
        turn = _with_go_names(message)
        if turns and turns[-1]["Role"] == turn["Role"] != "tool":
            turns[-1]["Content"] += f"\n\n{turn['Content']}"
        else:
            turns.append(turn)
    return turns


def _with_go_names(value: Any) -> Any:
    """`tool_calls` becomes `ToolCalls`; the arguments of a call keep their names."""
    if isinstance(value, list | tuple):
        return [_with_go_names(item) for item in value]
    if not isinstance(value, Mapping):
        return value
    named = {_go_name(key): item if key == "arguments" else _with_go_names(item) for key, item in value.items()}
    return {"Content": "", **named} if "Role" in named else named


def _go_name(key: str) -> str:
    return "".join(part[:1].upper() + part[1:] for part in key.split("_"))


def _turn_by_turn(nodes: Sequence[Node], turns: list[dict[str, Any]]) -> str:
    """For templates without `.Messages`: one filling in per turn, the last one cut after `.Response`."""
    if "Response" not in set(_names(nodes)):
        nodes = [*nodes, _RESPONSE]
    text, values = "", dict.fromkeys(("System", "Prompt", "Response"), "")
    for turn in turns:
        complete = {"system": values["Prompt"] or values["Response"], "user": values["Response"]}.get(turn["Role"])
        if complete:
            text += run_template(nodes, values)
            values = dict.fromkeys(values, "")
        field = {"system": "System", "user": "Prompt", "assistant": "Response"}.get(turn["Role"])
        if field:
            values[field] = turn["Content"]
    return text + run_template(_cut_after_response(nodes)[0], values)


def _cut_after_response(nodes: Sequence[Node]) -> tuple[list[Node], bool]:
    """The nodes up to the first that prints `.Response`, and whether there is one."""
    kept: list[Node] = []
    for node in nodes:
        if isinstance(node, Branch):
            body, cut = _cut_after_response(node.body)
            otherwise, cut_otherwise = ([], False) if cut else _cut_after_response(node.otherwise)
            kept.append(Branch(node.kind, node.pipe, tuple(body), tuple(otherwise)))
            cut = cut or cut_otherwise
        else:
            kept.append(node)
            cut = isinstance(node, Action) and "Response" in _pipe_names(node.pipe)
        if cut:
            return kept, True
    return kept, False


def _names(nodes: Iterable[Node]) -> Iterator[str]:
    """All fields that the template names."""
    for node in nodes:
        if isinstance(node, Action | Branch):
            yield from _pipe_names(node.pipe)
        if isinstance(node, Branch):
            yield from _names((*node.body, *node.otherwise))


def _pipe_names(pipe: Pipe) -> Iterator[str]:
    for command in pipe.commands:
        for operand in command:
            yield from _operand_names(operand)


def _operand_names(operand: Operand) -> Iterator[str]:
    if isinstance(operand, Path | Group):
        yield from operand.fields
    if isinstance(operand, Group):
        yield from _pipe_names(operand.pipe)

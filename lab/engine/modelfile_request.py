"""From a Modelfile to the body of /api/create, and the files that must be uploaded first."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lab.engine.errors import EngineError, NoAdapters
from lab.engine.modelfile import Command, ModelfileError
from lab.engine.options import DEFAULTS

DEPRECATED = ("penalize_newline", "low_vram", "f16_kv", "logits_all", "vocab_only", "use_mlock", "mirostat", "mirostat_tau", "mirostat_eta")
_PLAIN = {"template": "template", "system": "system", "renderer": "renderer", "parser": "parser", "requires": "requires"}
_TRUE, _FALSE = ("1", "t", "T", "TRUE", "true", "True"), ("0", "f", "F", "FALSE", "false", "False")


@dataclass
class CreateRequest:
    """Fields of the request, files to upload (by the name that the request gives them), and warnings for people."""

    fields: dict[str, Any] = field(default_factory=dict)
    files: dict[str, Path] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)


def request_of(commands: list[Command], folder: Path) -> CreateRequest:
    """What to send for a Modelfile in `folder`. Raises EngineError for what cannot be made."""
    request = CreateRequest()
    for command in commands:
        if command.instruction == "from":
            _add_from(request, command.value, folder)
        elif command.instruction == "parameter":
            _add_parameter(request, command)
        elif command.instruction == "message":
            request.fields.setdefault("messages", []).append({"role": command.key, "content": command.value})
        elif command.instruction == "license":
            request.fields.setdefault("license", []).append(command.value)
        elif command.instruction in _PLAIN:
            request.fields[_PLAIN[command.instruction]] = command.value
        elif command.instruction == "adapter":
            raise NoAdapters
        else:
            raise EngineError(400, "DRAFT models are not supported here")
    return request


def _add_from(request: CreateRequest, value: str, folder: Path) -> None:
    path = folder / Path(value).expanduser()
    if path.is_dir():
        found = sorted(path.glob("*.gguf"))
        if not found:
            raise EngineError(400, f"no GGUF file in {path}", "Convert the model to GGUF first; llama.cpp has a script for it.")
        request.files.update({file.name: file for file in found})
    elif path.is_file():
        request.files[path.name] = path
    elif value.endswith((".gguf", ".bin", ".safetensors")) or value.startswith((".", "/", "~")):
        raise EngineError(400, f"no such file: {path}", "FROM takes a model's name, or a path seen from the Modelfile.")
    else:
        request.fields["from"] = value


def _add_parameter(request: CreateRequest, command: Command) -> None:
    if command.key in DEPRECATED:
        request.warnings.append(f"warning: parameter {command.key} is deprecated")
        return
    parameters = request.fields.setdefault("parameters", {})
    value = _typed(command.key, command.value)
    parameters[command.key] = [*parameters.get(command.key, []), *value] if isinstance(value, list) else value


def _typed(name: str, text: str) -> Any:
    if name not in DEFAULTS:
        raise ModelfileError(f"unknown parameter '{name}'")
    kind = type(DEFAULTS[name])
    if kind is list:
        return [text]
    try:
        if kind is bool:
            return {**dict.fromkeys(_TRUE, True), **dict.fromkeys(_FALSE, False)}[text]
        return kind(text)
    except (ValueError, KeyError) as error:
        raise ModelfileError(f"invalid {kind.__name__} value [{text}]") from error

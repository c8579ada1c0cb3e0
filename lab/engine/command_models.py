"""The commands about stored and loaded models: list, ps, show, pull, create, cp, rm, stop."""

import argparse
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from lab.engine.command_client import connect, show_progress, upload
from lab.engine.command_text import columns, human_size, human_time, section
from lab.engine.errors import EngineError
from lab.engine.gguf_info import human_number
from lab.engine.modelfile import parse_modelfile
from lab.engine.modelfile_request import request_of

VIEWS = ("license", "modelfile", "parameters", "system", "template")


def list_models(asked: argparse.Namespace) -> None:
    """`list`: the stored models, newest first."""
    models = [model for model in connect().list().models if (model.model or "").startswith(asked.prefix)]
    rows = [[m.model or "", (m.digest or "")[:12], human_size(m.size or 0), human_time(m.modified_at or datetime.now(UTC))] for m in models]
    print(columns([["NAME", "ID", "SIZE", "MODIFIED"], *rows]))


def list_running(asked: argparse.Namespace) -> None:
    """`ps`: the models in memory."""
    rows = [_running_row(model) for model in connect().ps().models]
    print(columns([["NAME", "ID", "SIZE", "PROCESSOR", "CONTEXT", "UNTIL"], *rows]))


def _running_row(model: Any) -> list[str]:
    on_gpu = round(100 * model.size_vram / model.size) if model.size else 0
    processor = f"{100 - on_gpu}%/{on_gpu}% CPU/GPU" if 0 < on_gpu < 100 else "100% GPU" if on_gpu else "100% CPU"
    until = "Stopping..." if model.expires_at < datetime.now(UTC) else human_time(model.expires_at)
    return [model.name, model.digest[:12], human_size(model.size), processor, str(model.context_length or 0), until]


def show_model(asked: argparse.Namespace) -> None:
    """`show`: what a model is, or one part of it."""
    answer = connect().show(asked.model)
    view = next((name for name in VIEWS if getattr(asked, name)), None)
    if view == "system":
        print(_system(answer.modelfile or ""))
    elif view:
        print(getattr(answer, view) or "")
    else:
        print("\n".join(_sections(answer)))


def _sections(answer: Any) -> list[str]:
    info = answer.modelinfo or {}
    family = info.get("general.architecture", "")
    facts = [
        ("architecture", family),
        ("parameters", human_number(info.get("general.parameter_count", 0))),
        ("context length", info.get(f"{family}.context_length", "")),
        ("embedding length", info.get(f"{family}.embedding_length", "")),
        ("quantization", answer.details.quantization_level),
    ]
    parameters = [line.split(maxsplit=1) for line in (answer.parameters or "").splitlines()]
    texts = {"System": _system(answer.modelfile or ""), "License": answer.license or ""}
    return [
        section("Model", [(name, str(value)) for name, value in facts]),
        section("Capabilities", [[capability] for capability in answer.capabilities or [""]]),
        *([section("Parameters", parameters)] if parameters else []),
        *(section(title, [[line] for line in text.strip().splitlines()[:2]]) for title, text in texts.items() if text.strip()),
    ]


def _system(modelfile: str) -> str:
    return next((command.value for command in parse_modelfile(modelfile) if command.instruction == "system"), "")


def pull_model(asked: argparse.Namespace) -> None:
    """`pull`: get a model, with progress."""
    show_progress(connect().pull(asked.model, insecure=asked.insecure, stream=True))


def create_model(asked: argparse.Namespace) -> None:
    """`create`: a model from a Modelfile."""
    path = Path(asked.file)
    if not path.is_file():
        raise EngineError(400, f"no such file: {path}", "Name the Modelfile with: -f PATH")
    request = request_of(parse_modelfile(path.read_bytes()), path.parent)
    for warning in request.warnings:
        print(warning)
    client = connect()
    fields = {("from_" if name == "from" else name): value for name, value in request.fields.items()}
    if request.files:
        fields["files"] = {name: upload(client, file) for name, file in request.files.items()}
    unknown = {name: fields.pop(name) for name in ("renderer", "parser", "requires") if name in fields}
    if unknown:
        raise EngineError(400, f"{', '.join(sorted(unknown)).upper()} in a Modelfile is not supported by this command")
    show_progress(client.create(asked.model, stream=True, **fields))


def copy_model(asked: argparse.Namespace) -> None:
    """`cp`: give a model a second name."""
    connect().copy(asked.source, asked.destination)
    print(f"copied '{asked.source}' to '{asked.destination}'")


def remove_models(asked: argparse.Namespace) -> None:
    """`rm`: remove models."""
    client = connect()
    for name in asked.models:
        client.delete(name)
        print(f"deleted '{name}'")


def stop_model(asked: argparse.Namespace) -> None:
    """`stop`: unload a model."""
    import ollama

    try:
        connect().generate(asked.model, keep_alive=0)
    except ollama.ResponseError as error:
        if error.status_code == 404:
            raise EngineError(404, f'couldn\'t find model "{asked.model}" to stop') from error
        raise

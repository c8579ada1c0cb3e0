"""What /api/show tells about a model."""

from typing import Any

from lab.engine.gguf_info import read_info
from lab.engine.model import Model


def describe_model(model: Model, asked: dict[str, Any]) -> dict[str, Any]:
    """All of it; the long lists of the file's metadata only with `verbose`. Empty fields are left out, as Ollama does."""
    info = read_info(model.gguf)
    system = asked.get("system") or model.system
    params = {**model.params, **(asked.get("options") or {})}
    optional = {
        "license": "\n".join(model.licenses),
        "parameters": _parameters(params),
        "system": system or "",
        "messages": model.messages,
    }
    return {
        **{name: value for name, value in optional.items() if value},
        "modelfile": _modelfile(model),
        "template": model.template or info.chat_template or "",
        "details": details(model),
        "model_info": _metadata(info, asked.get("verbose", False)),
        "tensors": [{"name": tensor.name, "type": tensor.type, "shape": list(tensor.shape)} for tensor in info.tensors],
        "capabilities": model.capabilities,
        "modified_at": model.modified_at.isoformat().replace("+00:00", "Z"),
    }


def details(model: Model) -> dict[str, Any]:
    """The short form that list, show and ps share."""
    return {
        "parent_model": model.parent_model,
        "format": "gguf",
        "family": model.family,
        "families": model.families,
        "parameter_size": model.parameter_size,
        "quantization_level": model.quantization,
    }


def _parameters(params: dict[str, Any]) -> str:
    lines = []
    for name, value in params.items():
        for item in value if isinstance(value, list) else [value]:
            shown = f'"{item}"' if isinstance(item, str) else str(item).lower() if isinstance(item, bool) else f"{item}"
            lines.append(f"{name:<30} {shown}")
    return "\n".join(lines)


def _metadata(info: Any, verbose: bool) -> dict[str, Any]:
    shown = {name: value if verbose or not isinstance(value, list) else [] for name, value in info.metadata.items()}
    return {**shown, "general.parameter_count": info.parameter_count}


def _modelfile(model: Model) -> str:
    """The Modelfile that would make this model again."""
    from lab.engine.modelfile import write_modelfile

    return write_modelfile(model)

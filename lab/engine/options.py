"""Ollama's options: their defaults, their checks, and what llama.cpp calls them."""

from collections.abc import Mapping
from typing import Any

from lab.engine.errors import EngineError

DEFAULTS: dict[str, Any] = {
    "num_ctx": 0,  # 0: the server's default, OLLAMA_CONTEXT_LENGTH
    "num_keep": 4,
    "num_predict": -1,  # until the model ends, at most ten times num_ctx
    "seed": -1,  # a new one each time
    "temperature": 0.8,
    "top_k": 40,
    "top_p": 0.9,
    "min_p": 0.0,
    "typical_p": 1.0,
    "repeat_last_n": 64,
    "repeat_penalty": 1.0,
    "presence_penalty": 0.0,
    "frequency_penalty": 0.0,
    "stop": [],
    # accepted and checked; on these machines nothing depends on them
    "num_batch": 512,
    "num_gpu": -1,
    "main_gpu": 0,
    "use_mmap": True,
    "num_thread": 0,
    "draft_num_predict": 4,
}
# What llama.cpp calls the options that are not called the same there.
_RENAMED = {"num_keep": "n_keep"}
_PASSED_ON = (
    *("num_keep", "seed", "temperature", "top_k", "top_p", "min_p", "typical_p", "repeat_last_n", "repeat_penalty"),
    *("presence_penalty", "frequency_penalty", "stop"),
)
_TYPE_NAMES = {bool: "boolean", int: "integer", float: "float32", list: "array"}


def merge_options(*layers: Mapping[str, Any] | None) -> dict[str, Any]:
    """The defaults, overridden by each layer in turn: first the model's parameters, then the request's options.

    Null values are skipped and unknown names ignored, as Ollama does. Raises EngineError for a value of the wrong type.
    """
    merged = dict(DEFAULTS)
    for layer in layers:
        for name, value in (layer or {}).items():
            if name in DEFAULTS and value is not None:
                merged[name] = _checked(name, value)
    return merged


def _checked(name: str, value: Any) -> Any:
    wanted = type(DEFAULTS[name])
    number = isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 2**63
    if wanted in (int, float) and number:
        return wanted(value)
    if wanted is list and isinstance(value, list):
        if not all(isinstance(item, str) for item in value):
            raise EngineError(500, f'option "{name}" must be of an array of strings')
        return value
    if wanted is bool and isinstance(value, bool):
        return value
    raise EngineError(500, f'option "{name}" must be of type {_TYPE_NAMES[wanted]}')


def sampling_fields(options: Mapping[str, Any], num_ctx: int) -> dict[str, Any]:
    """What llama.cpp is told about choosing tokens and about when to end."""
    fields = {_RENAMED.get(name, name): options[name] for name in _PASSED_ON}
    if fields["repeat_last_n"] < 0:  # the whole context; llama.cpp has no sign for that here
        fields["repeat_last_n"] = num_ctx
    limit = 10 * num_ctx  # a small model can go on for ever
    asked = options["num_predict"]
    fields["n_predict"] = asked if 0 <= asked <= limit else limit
    return fields

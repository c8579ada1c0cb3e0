"""How an answer is kept: the JSON that is sent, as bytes, without the fields that belong to one request alone.

On a hit no model is built and nothing is written as JSON anew; a response read back has the types it had.
"""

from typing import TypeVar

from pydantic import BaseModel

from lab.service.cache.stats import Level

OF_REQUEST = ("cached", "processing_time")  # where the answer came from this time, and how long that took
Model = TypeVar("Model", bound=BaseModel)


def pack(response: BaseModel) -> bytes:
    """The lasting part of a response."""
    return response.model_dump_json(exclude=set(OF_REQUEST)).encode()


def send(kept: bytes, level: Level, seconds: float, model: type[BaseModel]) -> bytes:
    """The whole response: the kept part, and what is true of this request, where the model has fields for it."""
    fields = model.model_fields
    told = f',"processing_time":{seconds:.6f}' if "processing_time" in fields else ""
    told += f',"cached":"{level}"' if "cached" in fields else ""
    return kept[:-1] + told.encode() + b"}"


def unpack(kept: bytes, level: Level, seconds: float, model: type[Model]) -> Model:
    """The response with its types."""
    return model.model_validate_json(send(kept, level, seconds, model))

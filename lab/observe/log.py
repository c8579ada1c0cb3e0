"""Logs as JSON, one object a line: to be searched by fields, and to be joined by request id.

`request_id` is set for the time of a request, also in the threads that work for it, so every line can be found by the id that
the caller was given. Libraries log through Python's `logging`; their lines get the same form, and the id too.
"""

import logging
import sys
from contextvars import ContextVar
from typing import Any, TextIO

import orjson
import structlog
from structlog.types import EventDict, Processor, WrappedLogger

request_id: ContextVar[str] = ContextVar("request_id", default="")
_noted: ContextVar[dict[str, Any] | None] = ContextVar("noted", default=None)


def _drop(logger: WrappedLogger, name: str, event: EventDict) -> EventDict:
    raise structlog.DropEvent


def _add_request_id(logger: WrappedLogger, name: str, event: EventDict) -> EventDict:
    if known := request_id.get():
        event.setdefault("request_id", known)
    return event


def _drop_colour(logger: WrappedLogger, name: str, event: EventDict) -> EventDict:
    event.pop("color_message", None)  # uvicorn's second version of its lines, for terminals
    return event


def _encode(event: EventDict, **options: Any) -> bytes:
    return orjson.dumps(event, default=str)


def _encode_text(event: EventDict, **options: Any) -> str:
    return _encode(event).decode()


STAMP = structlog.processors.TimeStamper(fmt="iso", utc=True, key="time")
access: Any = structlog.wrap_logger(None, processors=[_drop]).bind()  # one line for each request; silent until `configure`


def note(**fields: Any) -> None:
    """Put fields on the line of the present request: what became of it. No question, no text of a document, no key."""
    if (noted := _noted.get()) is not None:
        noted.update(fields)


def open_request(known_id: str) -> dict[str, Any]:
    """From here on this task, and what it starts, belongs to a request. Returns what `note` fills."""
    request_id.set(known_id)
    fields: dict[str, Any] = {}
    _noted.set(fields)
    return fields


def configure(stream: TextIO | None = None, level: int = logging.INFO) -> None:
    """Have everything that this process logs written as JSON, on standard output unless told otherwise."""
    global access
    stream = stream or sys.stdout
    handler = logging.StreamHandler(stream)
    handler.setFormatter(_formatter())
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access"):
        logger = logging.getLogger(name)
        logger.handlers, logger.propagate = [], name != "uvicorn.access"  # the line of a request is `access`, with its id
        logger.setLevel(logging.NOTSET)  # a server that this process ran before may have left its own
    for name in ("lab", "uvicorn"):
        logging.getLogger(name).setLevel(level)
    # not through `logging`: its records cost more than all else that the API does around a cached answer
    access = structlog.wrap_logger(
        structlog.BytesLogger(stream.buffer),
        processors=[structlog.processors.add_log_level, STAMP, structlog.processors.JSONRenderer(_encode)],
        wrapper_class=structlog.make_filtering_bound_logger(level),
    ).bind()  # now: else the logger would be put together anew for each line


def _formatter() -> logging.Formatter:
    own: list[Processor] = [structlog.stdlib.add_log_level, structlog.stdlib.add_logger_name, _add_request_id, STAMP]
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[*own, structlog.stdlib.ExtraAdder(), _drop_colour],
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(_encode_text),
        ],
    )

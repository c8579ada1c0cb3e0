"""Pieces of an answer between the model's thread and the event loop."""

import asyncio
import json
import threading
from collections import deque
from collections.abc import Callable
from typing import Any

import pytest

from lab.engine.completion import Completion, Ending, Piece
from lab.engine.errors import EngineError

TIMINGS = {"cache_n": 3, "prompt_n": 4, "prompt_ms": 1.5, "predicted_n": 2, "predicted_ms": 2.5}
Model = Callable[[bytes, Callable[[bytes], bool]], None]


def chunk(text: str, finish: str | None = None, **more: Any) -> bytes:
    choice = {"text": text, "index": 0, "logprobs": None, "finish_reason": finish}
    return json.dumps({"choices": [choice], **more}).encode()


def read(model: Model) -> list[Piece | Ending]:
    async def run() -> list[Piece | Ending]:
        completion = Completion(model, {"prompt": "x"})
        try:
            return [item async for batch in completion.batches() for item in batch]
        finally:
            await completion.aclose()

    return asyncio.run(asyncio.wait_for(run(), 10))


def test_pieces_come_in_order_and_the_ending_last() -> None:
    def model(body: bytes, receive: Callable[[bytes], bool]) -> None:
        for text in ("a", "", "b"):
            receive(chunk(text))
        receive(chunk("", "stop", timings=TIMINGS))

    assert read(model) == [Piece("a", []), Piece("b", []), Ending("stop", 7, 1.5, 2, 2.5)]


def test_the_model_is_asked_to_stream_and_to_report_the_prompt() -> None:
    seen: list[dict[str, Any]] = []
    assert read(lambda body, receive: seen.append(json.loads(body))) == []
    assert seen == [{"prompt": "x", "stream": True, "return_progress": True}]


def test_a_limit_is_told_apart_from_a_stop() -> None:
    def model(body: bytes, receive: Callable[[bytes], bool]) -> None:
        receive(chunk("", "length", timings=TIMINGS))

    assert [item.reason for item in read(model) if isinstance(item, Ending)] == ["length"]


def test_an_error_of_llama_cpp_keeps_its_status() -> None:
    def model(body: bytes, receive: Callable[[bytes], bool]) -> None:
        receive(json.dumps({"error": {"code": 400, "message": "too long"}}).encode())

    with pytest.raises(EngineError, match="too long") as refused:
        read(model)
    assert refused.value.status == 400


def test_an_exception_in_the_model_is_an_error() -> None:
    def model(body: bytes, receive: Callable[[bytes], bool]) -> None:
        raise ValueError("no such thing")

    with pytest.raises(EngineError, match="no such thing") as refused:
        read(model)
    assert refused.value.status == 500


def test_closing_ends_the_model_and_waits_for_it() -> None:
    ended = threading.Event()

    def model(body: bytes, receive: Callable[[bytes], bool]) -> None:
        while not receive(chunk("tick")):
            pass
        ended.set()

    async def run() -> None:
        completion = Completion(model, {})
        await anext(aiter(completion.batches()))
        await completion.aclose()
        assert ended.is_set()

    asyncio.run(asyncio.wait_for(run(), 10))


def test_a_burst_of_tokens_is_delivered_together() -> None:
    begun = threading.Event()

    def model(body: bytes, receive: Callable[[bytes], bool]) -> None:
        begun.wait(5)
        for _ in range(100):
            receive(chunk("tick"))

    async def run() -> list[int]:
        completion = Completion(model, {})
        begun.set()
        return [len(batch) async for batch in completion.batches()]

    sizes = asyncio.run(asyncio.wait_for(run(), 10))
    assert sum(sizes) == 100
    assert len(sizes) < 20


class EmptiedMeanwhile(deque[Any]):
    """The reader takes what waits in the moment before the next piece is added."""

    def append(self, item: Any) -> None:
        self.clear()
        super().append(item)


def test_a_piece_that_comes_while_the_reader_reads_wakes_it() -> None:
    async def run() -> None:
        end = threading.Event()
        completion = Completion(lambda body, receive: end.wait(10), {})
        completion._waiting = EmptiedMeanwhile([b"earlier"])
        completion._receive(b"piece")
        await asyncio.wait_for(completion._wake.wait(), 2)
        end.set()
        await completion.aclose()

    asyncio.run(run())

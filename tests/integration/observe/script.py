"""A script of requests to a real API, and what it knows about them: each number here is counted on the caller's side."""

import json
import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx

from lab.rag.pipeline import Rag
from lab.settings import Settings

TEXTS = {
    "compose.md": "# Compose\n\nDocker Compose starts several containers with one command. Its file is called compose.yaml.\n",
    "redis.md": "# Redis\n\nRedis listens on port 6379. It keeps tasks and answers in memory.\n",
}
GOOD = ("What is the file of Docker Compose called?", "Which port does Redis listen on?")
STREAMED = ("What does Redis keep in memory?", "What does Docker Compose start?")
HELD = "How many containers does Docker Compose start with one command?"
OFF_TOPIC = "What is the capital of Portugal?"


class Opener:
    """Opens real pipelines. One question is held after its first words until `go`; what was generated is noted as the server told it."""

    def __init__(self) -> None:
        self.go = threading.Event()
        self.drafts: list[Any] = []
        self.traces: list[Any] = []

    def __call__(self, settings: Settings) -> Rag:
        rag = Rag.open(settings)
        write, steps = rag.generator.stream, rag.steps

        def stream(question: str, hits: Any) -> Iterator[Any]:
            for number, piece in enumerate(write(question, hits)):
                if question == HELD and number == 1:
                    self.go.wait(60)
                if not isinstance(piece, str):
                    self.drafts.append(piece)
                yield piece

        def found(*args: Any) -> Iterator[Any]:
            for step in steps(*args):
                if hasattr(step, "trace"):
                    self.traces.append(step.trace)
                yield step

        rag.generator.stream, rag.steps = stream, found  # type: ignore[method-assign]
        return rag


class Script:
    """Sends requests, and counts them by route, method and status."""

    def __init__(self, url: str, opener: Opener):
        self.client = httpx.Client(base_url=url, timeout=120, trust_env=False)
        self.opener = opener
        self.requests: Counter[tuple[str, str, str]] = Counter()
        self.answers: list[dict[str, Any]] = []
        self.passages: list[int] = []
        self.ids = self.hits = 0

    def run(self) -> None:
        """All of it."""
        for source, text in TEXTS.items():
            self.post("/ingest", {"text": text, "source": source}, 200)
        self.post("/ingest", {"text": TEXTS["redis.md"], "source": "redis.md"}, 200)
        for question in (*GOOD, OFF_TOPIC, *GOOD):
            self.ask(question)
        for _ in range(20):  # on a busy machine the cache rests when it cannot read the state of the index in time
            if self.hits < 2:
                self.ask(GOOD[0])
        for word in ("one", "two"):
            self.post("/query", {"query": f"Is {word} there?", "filters": {"unknown": "x"}}, 422)
        self.post("/query", {"query": "Is it there?", "collection_name": "nobody-made-this"}, 404)
        self.post("/query", {"query": " "}, 422)  # refused before it is a question
        for question in STREAMED:
            self.stream(question)
        self.leave(HELD)

    def ask(self, question: str) -> None:
        """A question whose answer is made, or was kept."""
        response = self.post("/query", {"query": question}, 200).json()
        if response["cached"]:
            self.hits += 1
        else:
            self.answer(response)

    def answer(self, response: dict[str, Any]) -> None:
        """Note an answer that was made."""
        self.answers.append(response)
        self.passages.append(len(response["sources"]))

    def post(self, path: str, body: dict[str, Any], expected: int) -> httpx.Response:
        """One request; its id begins with script-."""
        answer = self.client.post(path, json=body, headers=self.headers())
        assert answer.status_code == expected, answer.text
        self.requests[path, "POST", str(expected)] += 1
        return answer

    def stream(self, question: str) -> None:
        """An answer as events, read to the end."""
        events = []
        with self.client.stream("POST", "/query", json={"query": question, "stream": True}, headers=self.headers()) as answer:
            events = [line.removeprefix("data: ") for line in answer.iter_lines() if line.startswith("data: ")]
        self.requests["/query", "POST", "200"] += 1
        self.answer(json.loads(events[-1]))

    def leave(self, question: str) -> None:
        """Go away after the first words. The pipeline goes on when the API has noticed."""
        with self.client.stream("POST", "/query", json={"query": question, "stream": True}, headers=self.headers()) as answer:
            for line in answer.iter_lines():
                if line.startswith("data: ["):
                    self.passages.append(len(json.loads(line.removeprefix("data: "))))
                if line == "event: token":
                    break
        self.requests["/query", "POST", "499"] += 1

    def headers(self) -> dict[str, str]:
        """An id of its own for each."""
        self.ids += 1
        return {"X-Request-ID": f"script-{self.ids}"}

    def scrape(self) -> str:
        """The API's metrics."""
        text = self.client.get("/metrics").text
        self.requests["/metrics", "GET", "200"] += 1
        return text

    @property
    def written(self) -> list[dict[str, Any]]:
        """Answers for which the chat model was asked."""
        return [one for one in self.answers if one["timings"]["generate"] > 0]


def lines(log: Path) -> list[str]:
    """What the engine wrote about this script."""
    return [line for line in log.read_text("utf-8").splitlines() if "request_id=script-" in line]

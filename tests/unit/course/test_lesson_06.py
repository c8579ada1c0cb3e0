"""Exercises of 06: other right answers than the worked one are right, too, and the worked ones need no lab."""

import pytest

from lab.course.checks import solution_source
from lab.course.exercise import all_exercises
from lab.course.judge import judge
from lab.course.verdict import State

IMPORTS = "import asyncio\nimport httpx\nfrom fastapi import HTTPException\nfrom fastapi.middleware.cors import CORSMiddleware\n"
IMPORTS += "from fastapi.responses import JSONResponse\nfrom pydantic import BaseModel\n"
OTHERS = {
    "query-model": """
from pydantic import BaseModel, ConfigDict, Field, conint, field_validator
class MyQuery(BaseModel):
    query: str = Field(max_length=2000)
    top_k: conint(ge=1, le=50) = 5
    filters: dict | None = None
    @field_validator("query", mode="before")
    @classmethod
    def strip(cls, value):
        if not isinstance(value, str) or not value.strip():
            raise ValueError("empty")
        return value.strip()
""",
    "to-problem": """
import httpx
from chromadb.errors import NotFoundError
from fastapi.responses import JSONResponse
async def to_problem(request, error):
    return "not awaited"
""",
    "probes": """
from fastapi import Response
def add_probes(app, checks):
    @app.get("/health")
    async def health(): return "fine"
    @app.get("/ready")
    def ready(response: Response):
        states = {}
        for name, check in checks.items():
            try:
                states[name] = "ok" if check() else "away"
            except ConnectionError:
                states[name] = "away"
        response.status_code = 503 if "away" in states.values() else 200
        return states
""",
    "allow-pages": """
from fastapi.middleware.cors import CORSMiddleware
def allow_pages(app):
    app.add_middleware(CORSMiddleware, allow_origin_regex=r"http://localhost:3000|https://notes\\.example",
                       allow_methods=["POST", "GET"], allow_headers=["*"])
""",
    "gate": """
import asyncio
from fastapi import HTTPException
class Gate:
    def __init__(self, at_once, waiting):
        self.most, self.at_once, self.inside, self.changed = at_once + waiting, at_once, [], asyncio.Condition()
        self.all = 0
    async def __aenter__(self):
        if self.all >= self.most:
            raise HTTPException(503, headers={"Retry-After": "2"})
        self.all += 1
        try:
            async with self.changed:
                await self.changed.wait_for(lambda: len(self.inside) < self.at_once)
                self.inside.append(1)
        except asyncio.CancelledError:
            self.all -= 1
            raise
    async def __aexit__(self, *error):
        self.all -= 1
        async with self.changed:
            self.inside.pop()
            self.changed.notify_all()
""",
}


def verdict_on(id, code):
    namespace = {}
    exec(code, namespace)
    return judge(all_exercises()[id], namespace)


@pytest.mark.parametrize("id", OTHERS)
def test_the_worked_answer_is_correct_without_a_lab(id):
    assert verdict_on(id, IMPORTS + solution_source(all_exercises()[id])).message == ""


@pytest.mark.parametrize("id", [id for id in OTHERS if id != "to-problem"])
def test_another_right_answer_is_correct(id):
    assert verdict_on(id, OTHERS[id]).message == ""


def test_a_handler_that_is_async_is_told_to_be_plain():
    assert "without `async`" in verdict_on("to-problem", OTHERS["to-problem"]).message


def test_all_exercises_of_three_modules_belong_to_this_lesson():
    assert {id for id, one in all_exercises().items() if one.lesson == "06"} == set(OTHERS)


def test_an_exercise_that_is_half_written_is_told():
    verdict = verdict_on("gate", "class Gate:\n    def __init__(self, at_once, waiting):\n        raise NotImplementedError")
    assert verdict.state is State.NOT_ATTEMPTED

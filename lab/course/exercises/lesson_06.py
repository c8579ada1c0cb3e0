"""The exercises of 06, the RAG API, about requests and errors.

Each checker serves the learner's own code with a real uvicorn and asks it over HTTP.
"""

from collections.abc import Callable, Coroutine
from typing import Any

from lab.course.exercise import Wrong, WrongAnswer, exercise
from lab.course.serve import asking
from lab.course.text import text

SECRET = "/srv/private/settings.py"  # stands for what an exception tells about the inside


_MODEL = """
from typing import Annotated
from pydantic import BaseModel, Field, StringConstraints

class MyQuery(BaseModel):
    query: {}
    top_k: int = {}
    filters: dict | None = {}
"""


def _model(
    query: str = "Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=2000)]",
    top_k: str = "Field(5, ge=1, le=50)",
    filters: str = "None",
) -> str:
    return _MODEL.format(query, top_k, filters)


@exercise(
    "query-model",
    "MyQuery",
    hints=(
        "`top_k: int = Field(5, ge=1, le=50)` has a default and both limits.",
        "`Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=2000)]` strips first, then counts.",
    ),
    wrong={
        "no-limits": WrongAnswer(_model(top_k="5"), "top_k 0"),
        "greater-than-one": WrongAnswer(_model(top_k="Field(5, gt=1, lt=50)"), "top_k 1 "),
        "no-upper-limit": WrongAnswer(_model(top_k="Field(5, ge=1)"), "top_k 51"),
        "not-stripped": WrongAnswer(_model("Annotated[str, StringConstraints(min_length=1, max_length=2000)]"), "both ends"),
        "default-missing": WrongAnswer(_model(top_k="Field(ge=1, le=50)"), "without top_k"),
        "other-default": WrongAnswer(_model(top_k="Field(4, ge=1, le=50)"), "5 when it is missing"),
        "any-length": WrongAnswer(_model("Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]"), "2001 characters"),
        "an-instance": WrongAnswer(_model() + "\nMyQuery = MyQuery(query='x')", "class"),
    },
)
def query_model(MyQuery: Any) -> None:
    """MyQuery refuses what cannot work, and takes the rest."""
    from fastapi import FastAPI
    from pydantic import BaseModel

    if not isinstance(MyQuery, type) or not issubclass(MyQuery, BaseModel):
        raise Wrong(text("`MyQuery` should be a class made with `class MyQuery(BaseModel):`."))
    app = FastAPI()

    def read(asked: Any) -> Any:
        return asked

    read.__annotations__["asked"] = MyQuery
    app.post("/")(read)
    with asking(app) as client:
        _good_queries(client)
        _bad_queries(client)


def _good_queries(client: Any) -> None:
    good: dict[str, dict[str, Any]] = {
        "without top_k and filters": {"query": "  Hi "},
        "with top_k 1 and a filter": {"query": "Hi", "top_k": 1, "filters": {"topic": "ports"}},
        "with top_k 50": {"query": "x" * 2000, "top_k": 50},
    }
    for what, body in good.items():
        answer = client.post("/", json=body)
        if answer.status_code != 200:
            told = answer.json()["detail"][0]
            field = ".".join(map(str, told["loc"][1:]))
            raise Wrong(
                text("A request {what} should pass, and was refused at `{field}`: {said}.", what=what, field=field, said=told["msg"])
            )
        if body["query"].strip() != answer.json().get("query"):
            raise Wrong(text("Spaces at both ends of `query` should be gone, and all the rest kept."))
        if what == "without top_k and filters" and (answer.json().get("top_k"), answer.json().get("filters", 0)) != (5, None):
            raise Wrong(text("`top_k` is 5 when it is missing, and `filters` is `None` when it is missing."))


def _bad_queries(client: Any) -> None:
    bad: dict[str, dict[str, Any]] = {
        "top_k 0": {"query": "Hi", "top_k": 0},
        "top_k -1": {"query": "Hi", "top_k": -1},
        "top_k 51": {"query": "Hi", "top_k": 51},
        "an empty query": {"query": ""},
        "a query of only spaces": {"query": "   "},
        "a query of 2001 characters": {"query": "x" * 2001},
        "filters that are a text": {"query": "Hi", "filters": "topic"},
        "no query at all": {},
    }
    for what, body in bad.items():
        status = client.post("/", json=body).status_code
        if status != 422:
            raise Wrong(text("A request with {what} should be refused with 422, and the answer was {status}.", what=what, status=status))


_PROBLEM = """
import httpx
from chromadb.errors import NotFoundError
from fastapi.responses import JSONResponse

def to_problem(request, error):
    status, detail = 500, "The log has the reason."
    {}
    body = {{"title": detail, "status": status, "detail": detail}}
    return JSONResponse(body, {}, {}, media_type="{}")
"""
_KINDS = (
    "if isinstance(error, NotFoundError):\n        status = 404",
    "if isinstance(error, httpx.TransportError):\n        status = 503",
    "if isinstance(error, httpx.TimeoutException):\n        status = 504",
)


def _problem(
    *kinds: str,
    last: str = "",
    status: str = "status",
    headers: str = "{'Retry-After': '5'} if status == 503 else None",
    media: str = "application/problem+json",
) -> str:
    return _PROBLEM.format("\n    ".join((*(kinds or _KINDS), last)), status, headers, media)


@exercise(
    "to-problem",
    "to_problem",
    hints=(
        "`isinstance(error, NotFoundError)` tells the kind. Ask for `httpx.TimeoutException` before `httpx.TransportError`.",
        '`JSONResponse(body, status, headers, media_type="application/problem+json")`, with `{"Retry-After": "5"}` for a 503.',
    ),
    wrong={
        "everything-500": WrongAnswer(_problem("pass"), "404"),
        "timeout-is-away": WrongAnswer(_problem(_KINDS[0], _KINDS[2], _KINDS[1]), "504"),
        "text-of-the-exception": WrongAnswer(_problem(*_KINDS, last="detail = str(error)"), "inside"),
        "status-in-the-body-only": WrongAnswer(_problem(status="200"), "status 200"),
        "no-retry-after": WrongAnswer(_problem(headers="None"), "Retry-After"),
        "plain-json": WrongAnswer(_problem(media="application/json"), "application/problem+json"),
        "a-dictionary": WrongAnswer("def to_problem(request, error):\n    return {'status': 500}", "JSONResponse"),
        "raised": WrongAnswer("def to_problem(request, error):\n    raise error", "raised"),
    },
)
def to_problem(to_problem: Callable[[Any, Exception], Any]) -> None:
    """to_problem(request, error) answers each kind of exception by the table."""
    import httpx
    from chromadb.errors import NotFoundError
    from fastapi import FastAPI, Request

    raised: dict[str, tuple[Exception, int]] = {
        "NotFoundError": (NotFoundError(f"no {SECRET}"), 404),
        "httpx.ConnectError": (httpx.ConnectError(f"refused {SECRET}"), 503),
        "httpx.ReadTimeout": (httpx.ReadTimeout(f"late {SECRET}"), 504),
        "ValueError": (ValueError(f"in {SECRET}"), 500),
    }
    app, went_wrong = FastAPI(), list[str]()

    @app.get("/{kind}")
    def fail(kind: str) -> None:
        raise raised[kind][0]

    async def handle(request: Request, error: Exception) -> Any:
        try:
            answer = to_problem(request, error)
        except Exception as own:
            went_wrong.append(text("Your function raised {error} itself.", error=type(own).__name__))
            raise
        if isinstance(answer, Coroutine):
            answer.close()
            went_wrong.append(text("Write it without `async`: it waits for nothing."))
        elif not hasattr(answer, "body"):
            went_wrong.append(text("Return a `JSONResponse`; yours gave a {kind}.", kind=type(answer).__name__))
        return answer

    for kind in (NotFoundError, httpx.TransportError, Exception):
        app.add_exception_handler(kind, handle)
    with asking(app) as client:
        for name, (_, status) in raised.items():
            answer = client.get(f"/{name}")
            if went_wrong:
                raise Wrong(went_wrong[0])
            _judge_problem(name, status, answer)


def _judge_problem(kind: str, status: int, answer: Any) -> None:
    got, media = answer.status_code, answer.headers.get("content-type", "")
    if got != status:
        raise Wrong(text("{kind} should give {status}; yours gave status {got}.", kind=kind, status=status, got=got))
    if SECRET in answer.text:
        raise Wrong(
            text("{kind}: the caller reads what the exception says, and that is about the inside. Use words of your own.", kind=kind)
        )
    if media != "application/problem+json":
        raise Wrong(text("The media type should be `application/problem+json`; yours is `{media}`.", media=media))
    body = answer.json()
    if not isinstance(body, dict) or not {"title", "status", "detail"} <= body.keys() or body["status"] != status:
        raise Wrong(text("{kind}: the body should have `title`, `detail`, and `status` {status}.", kind=kind, status=status))
    if status == 503 and not answer.headers.get("retry-after", "").isdigit():
        raise Wrong(text("A 503 says when to try again: the header `Retry-After` with a number of seconds."))

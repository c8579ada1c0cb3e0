"""The API's own description: who may call, which errors there are, and an example of everything. Served at /openapi.json and /docs.

FastAPI writes the schemas of requests and answers. What is the same for many routes is added here, in one place: its own idea of an
error (HTTPValidationError) is not what this API answers.
"""

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute

from lab.service.models import Problem

PROBLEM = "application/problem+json"
PROBES = ("/health", "/ready", "/metrics")  # need no key and have no limit
TAGS = {
    "questions": "Answers from the documents, with the passages that they rest on.",
    "documents": "What the answers come from.",
    "tasks": "Work for the queue: told now, done when a worker has time.",
    "state": "For load balancers, Prometheus and people.",
}
ABOUT = """Answers questions from documents.

Every answer is checked against its sources: `grounded` (they support it), `quoted` (their own sentences) or `refused`.
Errors are problem details (RFC 9457, `application/problem+json`); every answer has the header `X-Request-ID`, which the log has too."""

# Status: title, what it says for example, and when it comes.
ERRORS: dict[int, tuple[str, str, str]] = {
    400: ("Bad Request", "There was an error parsing the body", "The body cannot be read at all."),
    401: ("Unauthorized", "A key is needed: send it as `Authorization: Bearer KEY` or as `X-API-Key: KEY`.", "No key, or an unknown one."),
    403: ("Forbidden", "Without keys, the API answers only to names of this machine. Set API_KEYS.", "Called by another machine's name."),
    404: ("Not Found", "Nothing is indexed yet in the collection manuals.", "What the request names is not there."),
    409: (
        "Conflict",
        "The collection manuals was made with another embedding model.",
        "The collection cannot be used with these settings.",
    ),
    413: ("Content Too Large", "A request may have 10 MB.", "More than one call may bring."),
    415: ("Unsupported Media Type", "Send JSON, with the header `Content-Type: application/json`.", "The body is no JSON."),
    422: ("Unprocessable Content", "The request cannot be used.", "A value that cannot be used; `errors` names each."),
    429: ("Too Many Requests", "At most 60 per 1 minute for each caller.", "Over the rate limit; `Retry-After` says for how long."),
    503: ("Service Unavailable", "Too many questions at once.", "All places are taken, or a service is away; `Retry-After` says when."),
    504: ("Gateway Timeout", "A service that this needs took too long.", "No answer in time."),
}
AGAIN = {"Retry-After": {"description": "seconds", "schema": {"type": "integer"}}}
WORKING = (503, 504)  # of all routes that need Chroma or the models


def may(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """What a route declares as `responses`: the errors that only some routes have."""
    return {status: {"model": Problem, "description": ERRORS[status][2]} for status in statuses}


def describe(app: FastAPI) -> None:
    """Have the app describe itself wholly."""

    def openapi() -> dict[str, Any]:
        if not app.openapi_schema:
            app.openapi_schema = _whole(app)
        return app.openapi_schema

    app.description, app.openapi_tags = ABOUT, [{"name": name, "description": told} for name, told in TAGS.items()]
    app.openapi = openapi  # type: ignore[method-assign]


def _whole(app: FastAPI) -> dict[str, Any]:
    whole = get_openapi(title=app.title, version=app.version, description=app.description, tags=app.openapi_tags, routes=app.routes)
    parts = whole["components"]
    for name in ("HTTPValidationError", "ValidationError"):
        parts["schemas"].pop(name, None)
    own = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    parts["schemas"] |= {**own.pop("$defs", {}), "Problem": own}
    parts["securitySchemes"] = {
        "bearer": {"type": "http", "scheme": "bearer", "description": "a key of API_KEYS"},
        "header": {"type": "apiKey", "in": "header", "name": "X-API-Key", "description": "the same key"},
    }
    names = {(route.path_format, method.lower()): route.name for route in _routes(app) for method in route.methods or ()}
    for path, operations in whole["paths"].items():
        for method, operation in operations.items():
            operation["operationId"] = names[path, method]  # what generated clients call it
            _complete(operation, free=path in PROBES)
    return whole


def _routes(app: FastAPI) -> list[APIRoute]:
    return [route for route in app.routes if isinstance(route, APIRoute)]


def _complete(operation: dict[str, Any], free: bool) -> None:
    """Add what all routes of this kind have."""
    answers = operation["responses"]
    common = () if free else (401, 403, 429)
    of_body = (400, 413, 415, 422) if "requestBody" in operation else ()
    for status in (*common, *of_body):
        answers.setdefault(str(status), {"description": ERRORS[status][2]})
    for status, answer in answers.items():
        if int(status) >= 400 and _is_problem(answer):
            answer["description"] = ERRORS[int(status)][2] if int(status) == 422 else answer["description"]
            answer["content"] = {PROBLEM: {"schema": {"$ref": "#/components/schemas/Problem"}, "example": example(int(status))}}
            answer |= {"headers": AGAIN} if status in ("429", "503") else {}
    operation["responses"] = dict(sorted(answers.items()))
    operation.setdefault("tags", ["state"])
    if not free:
        operation["security"] = [{}, {"bearer": []}, {"header": []}]  # none: on this machine, when API_KEYS is empty


def _is_problem(answer: dict[str, Any]) -> bool:
    schemas = [str(kind.get("schema", {}).get("$ref", "")) for kind in answer.get("content", {}).values()]
    return all(schema.endswith(("/Problem", "/HTTPValidationError")) for schema in schemas)


def example(status: int) -> dict[str, Any]:
    """A problem as it looks."""
    title, detail, _ = ERRORS[status]
    problem = {"type": "about:blank", "title": title, "status": status, "detail": detail, "request_id": "4f1c0b7e9a3d4e21"}
    if status == 422:
        problem["errors"] = [{"field": "body.top_k", "what": "Input should be less than or equal to 50"}]
    return problem

"""Errors as problem details (RFC 9457). What a caller did wrong is told in full; what is wrong inside goes to the log only."""

import logging
from http import HTTPStatus
from typing import Any

import httpx
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from lab.errors import InputError, LabError, MissingError, ModelError, ServiceError
from lab.observe.log import request_id
from lab.rag.store import Unfit
from lab.service.gate import Busy, Gone, Stopping
from lab.service.pieces import Late
from lab.service.tasks.queue import QueueAway

log = logging.getLogger("lab.service")

AWAY = "A service that this needs does not answer; GET /ready says which."
LATE = "A service that this needs took too long."
MODEL = "A model that this needs is missing or unfit; GET /ready says which."
INSIDE = "This could not be done; the API's log has the reason."
TITLES = {413: "Content Too Large", 422: "Unprocessable Content"}  # Python before 3.13 has the older names
TAKEN = {"Accept": "application/json"}
AGAIN = {"Retry-After": "5"}  # seconds: a container is back by then


def problem(status: int, title: str, detail: str, headers: dict[str, str] | None = None, **more: Any) -> JSONResponse:
    """A problem as the standard writes it."""
    body = {"type": "about:blank", "title": title, "status": status, "detail": detail, "request_id": request_id.get(), **more}
    return JSONResponse(body, status, headers, media_type="application/problem+json")


def of_lab_error(error: LabError) -> JSONResponse:
    """The answer for an error of the pipeline."""
    if isinstance(error, MissingError):
        return problem(404, "Not Found", error.what)
    if isinstance(error, Unfit):
        return problem(409, "Conflict", error.what)
    if isinstance(error, InputError):
        return problem(422, "Unprocessable Content", error.what)
    if isinstance(error, Gone):
        return problem(499, "Client Closed Request", error.what)  # for the log only: nobody reads it
    log.warning("%s", error)
    if isinstance(error, Late) or isinstance(error.__cause__, httpx.TimeoutException):
        return problem(504, "Gateway Timeout", LATE)
    if isinstance(error, Busy):
        return problem(503, "Service Unavailable", error.what, {"Retry-After": str(error.retry_after)})
    if isinstance(error, QueueAway):  # with its hint: how to switch it on
        return problem(503, "Service Unavailable", f"{error.what} {error.hint}", AGAIN)
    if isinstance(error, Stopping):
        return problem(503, "Service Unavailable", error.what, AGAIN)
    if isinstance(error, ServiceError):
        return problem(503, "Service Unavailable", AWAY, AGAIN)
    if isinstance(error, ModelError):
        return problem(503, "Service Unavailable", MODEL, AGAIN)
    return problem(500, "Internal Server Error", INSIDE)


def of_validation(request: Request, error: RequestValidationError) -> JSONResponse:
    """Which field is wrong and why. What was sent is not repeated: it may be long, and may be no text at all."""
    found = error.errors()
    if any(one["loc"] == ("body",) and one["type"] != "missing" for one in found) and not _says_json(request):
        return problem(415, "Unsupported Media Type", "Send JSON, with the header `Content-Type: application/json`.", TAKEN)
    wrong = [_wrong(one) for one in found]
    return problem(422, "Unprocessable Content", "The request cannot be used.", errors=wrong)


def of_http_error(request: Request, error: HTTPException) -> JSONResponse:
    """What Starlette or a route refused."""
    headers, detail = dict(error.headers or {}), error.detail
    title = TITLES.get(error.status_code) or HTTPStatus(error.status_code).phrase
    if error.status_code == 405:
        headers["Allow"] = _allowed(request) or headers.get("Allow", "")
        detail = f"This address takes {headers['Allow']}."
    elif error.status_code == 404 and detail == title:  # said by Starlette, which knows no more
        detail = "There is nothing at this address; GET /docs lists what there is."
    return problem(error.status_code, title, detail, headers)


def _wrong(found: dict[str, Any]) -> dict[str, str]:
    """One field and why; of a body that is no JSON, the place where it breaks."""
    if found["type"] == "json_invalid":
        return {"field": "body", "what": f"This is no JSON, from character {found['loc'][-1]} on."}
    return {"field": ".".join(map(str, found["loc"])), "what": found["msg"]}


def _says_json(request: Request) -> bool:
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    return kind == "application/json" or (kind.startswith("application/") and kind.endswith("+json"))


def _allowed(request: Request) -> str:
    """All methods of a path: Starlette names those of the first route only, and each method has a route of its own."""
    route = getattr(request.scope.get("route"), "path", "")
    return ", ".join(sorted(method.upper() for method in request.app.openapi()["paths"].get(route, ())))


def handle_errors(app: FastAPI) -> None:
    """Have every error of the app answered as a problem; what nobody foresaw is answered by `lab.service.middleware.Guard`.

    The handlers are async, so that Starlette calls them at once instead of in a thread.
    """

    @app.exception_handler(LabError)
    async def lab_error(request: Request, error: LabError) -> JSONResponse:
        return of_lab_error(error)

    @app.exception_handler(RequestValidationError)
    async def validation(request: Request, error: RequestValidationError) -> JSONResponse:
        return of_validation(request, error)

    @app.exception_handler(HTTPException)
    async def http(request: Request, error: HTTPException) -> JSONResponse:
        return of_http_error(request, error)

"""Errors as problem details (RFC 9457). What a caller did wrong is told in full; what is wrong inside goes to the log only."""

import logging
from typing import Any

import httpx
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from lab.errors import InputError, LabError, MissingError, ModelError, ServiceError
from lab.service.gate import Busy, Gone, Stopping
from lab.service.pieces import Late

log = logging.getLogger("lab.service")

AWAY = "A service that this needs does not answer; GET /ready says which."
LATE = "A service that this needs took too long."
MODEL = "A model that this needs is missing or unfit; GET /ready says which."
INSIDE = "This could not be done; the API's log has the reason."
AGAIN = {"Retry-After": "5"}  # seconds: a container is back by then


def problem(status: int, title: str, detail: str, headers: dict[str, str] | None = None, **more: Any) -> JSONResponse:
    """A problem as the standard writes it."""
    body = {"type": "about:blank", "title": title, "status": status, "detail": detail, **more}
    return JSONResponse(body, status, headers, media_type="application/problem+json")


def of_lab_error(error: LabError) -> JSONResponse:
    """The answer for an error of the pipeline."""
    if isinstance(error, MissingError):
        return problem(404, "Not Found", error.what)
    if isinstance(error, InputError):
        return problem(422, "Unprocessable Content", error.what)
    if isinstance(error, Gone):
        return problem(499, "Client Closed Request", error.what)  # for the log only: nobody reads it
    log.warning("%s", error)
    if isinstance(error, Late) or isinstance(error.__cause__, httpx.TimeoutException):
        return problem(504, "Gateway Timeout", LATE)
    if isinstance(error, Busy):
        return problem(503, "Service Unavailable", error.what, {"Retry-After": str(error.retry_after)})
    if isinstance(error, Stopping):
        return problem(503, "Service Unavailable", error.what, AGAIN)
    if isinstance(error, ServiceError):
        return problem(503, "Service Unavailable", AWAY, AGAIN)
    if isinstance(error, ModelError):
        return problem(503, "Service Unavailable", MODEL)
    return problem(500, "Internal Server Error", INSIDE)


def of_validation(error: RequestValidationError) -> JSONResponse:
    """Which field is wrong and why. What was sent is not repeated: it may be long, and may be no text at all."""
    wrong = [{"field": ".".join(map(str, one["loc"])), "what": one["msg"]} for one in error.errors()]
    return problem(422, "Unprocessable Content", "The request cannot be used.", errors=wrong)


def handle_errors(app: FastAPI) -> None:
    """Have every error of the app answered as a problem."""

    @app.exception_handler(LabError)
    def lab_error(request: Request, error: LabError) -> JSONResponse:
        return of_lab_error(error)

    @app.exception_handler(RequestValidationError)
    def validation(request: Request, error: RequestValidationError) -> JSONResponse:
        return of_validation(error)

    @app.exception_handler(HTTPException)
    def http(request: Request, error: HTTPException) -> JSONResponse:
        return problem(error.status_code, error.detail, error.detail, dict(error.headers or {}))

    @app.exception_handler(Exception)
    def unexpected(request: Request, error: Exception) -> JSONResponse:
        return problem(500, "Internal Server Error", INSIDE)  # uvicorn logs the traceback

"""Errors as problem details (RFC 9457)."""

from pydantic import BaseModel, Field


class Wrong(BaseModel):
    """A field that cannot be used."""

    field: str
    what: str


class Problem(BaseModel):
    """What went wrong, in the form of RFC 9457."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    request_id: str = Field("", description="as in X-Request-ID and in the API's log")
    errors: list[Wrong] | None = Field(None, description="each field that is wrong")

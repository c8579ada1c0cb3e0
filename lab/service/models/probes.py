"""What /health and /ready answer."""

from typing import Literal

from pydantic import BaseModel


class Health(BaseModel):
    """The process answers; nothing else is said."""

    status: Literal["alive"] = "alive"


Check = Literal["ok", "away", "missing"]


class Readiness(BaseModel):
    """Whether questions can be answered now, and what each needed part says."""

    status: Literal["ready", "not ready"]
    checks: dict[str, Check]

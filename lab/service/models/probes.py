"""What /health and /ready answer."""

from typing import Literal

from pydantic import BaseModel

from lab.service.models.examples import READY, shown


class Health(BaseModel):
    """The process answers; nothing else is said."""

    model_config = shown({"status": "alive"})

    status: Literal["alive"] = "alive"


Check = Literal["ok", "away", "missing", "stopping"]


class Readiness(BaseModel):
    """Whether questions can be answered now, and what each needed part says."""

    model_config = shown(READY)

    status: Literal["ready", "not ready"]
    checks: dict[str, Check]

"""What is known of one task beside Celery: who may see it, what it was asked, and how it ended."""

import json
from dataclasses import dataclass, field
from typing import Any, Literal

from lab.service.models.tasks import State

Outcome = Literal["", "completed", "failed", "cancelled"]


@dataclass
class Record:
    """One entry of the book. `name` is the Celery task, empty for a batch, which only has `members`."""

    id: str
    owner: str
    name: str = ""
    arguments: dict[str, Any] = field(default_factory=dict)
    members: list[str] = field(default_factory=list)
    request_id: str = ""  # of the call that issued it, for the worker's log
    created: float = 0.0
    size: int = 1  # documents or questions in it
    begun: int = 0  # how often it was begun since it last ended in order
    retrying: bool = False
    outcome: Outcome = ""
    error: str = ""  # in words that a caller may read

    def to_redis(self) -> dict[Any, Any]:
        """Fields of a Redis hash."""
        texts = {"owner": self.owner, "name": self.name, "request_id": self.request_id, "outcome": self.outcome, "error": self.error}
        parts = {"arguments": json.dumps(self.arguments), "members": json.dumps(self.members)}
        numbers = {"created": self.created, "size": self.size, "begun": self.begun, "retrying": int(self.retrying)}
        return {name: value for name, value in texts.items() if value} | parts | {name: str(value) for name, value in numbers.items()}

    @classmethod
    def of_redis(cls, id: str, kept: dict[str, str]) -> "Record | None":
        """Read from a hash; None when there is none, or only what a late worker wrote into one that had expired."""
        if "owner" not in kept:
            return None
        outcome: Any = kept.get("outcome", "")
        return cls(
            id,
            kept["owner"],
            kept.get("name", ""),
            json.loads(kept["arguments"]),
            json.loads(kept["members"]),
            kept.get("request_id", ""),
            float(kept["created"]),
            int(kept["size"]),
            int(kept.get("begun", 0)),
            kept.get("retrying") == "1",
            outcome,
            kept.get("error", ""),
        )

    def state(self, stored: bool) -> State:
        """How it stands; `stored`: Celery has its result."""
        if self.outcome:
            return self.outcome
        if stored:
            return "completed"
        if self.retrying:
            return "retrying"
        return "running" if self.begun else "queued"

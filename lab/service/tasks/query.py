"""The task that answers a question."""

from typing import Any

from lab.errors import ServiceError
from lab.service.tasks import work
from lab.service.tasks.app import celery_app
from lab.service.tasks.booked import Booked
from lab.service.tasks.setup import QUERY


@celery_app.task(bind=True, base=Booked, name=QUERY)
def query_rag(self: Booked, request: dict[str, Any]) -> dict[str, Any]:
    """Answer a question; `request` as POST /query takes it, the result as it answers."""
    try:
        return work.answer(request)
    except ServiceError as error:
        raise self.again(error) from error

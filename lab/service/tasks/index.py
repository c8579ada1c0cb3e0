"""The task that indexes documents."""

from typing import Any

from celery.exceptions import Ignore

from lab.errors import ServiceError
from lab.service.tasks import work
from lab.service.tasks.app import celery_app
from lab.service.tasks.booked import Booked, book
from lab.service.tasks.setup import INDEX


@celery_app.task(bind=True, base=Booked, name=INDEX)
def index_documents(self: Booked, documents: list[dict[str, Any]] | None = None, collection: str | None = None) -> dict[str, Any]:
    """Index documents; those that do not stand in the call are kept under the task's id. Done twice, it changes nothing more."""
    task_id = self.request.id
    given = documents if documents is not None else book().parcel(task_id)
    if given is None:
        raise Ignore  # nobody waits for it any more: it could not be issued, or ended meanwhile
    try:
        return work.index(given, collection)
    except ServiceError as error:
        raise self.again(error) from error

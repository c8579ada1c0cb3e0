"""The Celery app `rag_tasks` of a worker: `celery -A lab.service.tasks.app inspect active`. It knows no web app."""

from lab.service.tasks.setup import make_app
from lab.settings import get_settings

celery_app = make_app(get_settings())

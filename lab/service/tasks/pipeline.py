"""The pipelines of a worker process: opened once, not for each task."""

import os
from functools import lru_cache

from lab.rag.pipeline import Rag
from lab.service.pipelines import Pipelines
from lab.settings import get_settings


def own_pipelines() -> Pipelines:
    """This process's pipelines. They connect at first use: what was opened before a fork would be shared with other processes."""
    return _of_process(os.getpid())


@lru_cache(maxsize=1)
def _of_process(process: int) -> Pipelines:
    return Pipelines(get_settings(), Rag.open)

"""The real server over a pipeline that does what the question says: `gate_server.py PORT FILE`.

"0.05" is answered after so many seconds, "hold" when the file is there.
"""

import sys
import time
from pathlib import Path
from typing import Any, cast

from lab.observe import log
from lab.rag.answer import Answer
from lab.rag.retrieve import Query
from lab.rag.search import Found
from lab.rag.trace import Trace
from lab.service.app import create_app
from lab.service.models import Readiness
from lab.service.server import Server
from lab.settings import get_settings

GO = Path(sys.argv[2])


class SlowRag:
    """Writes nothing until it is time."""

    @classmethod
    def open(cls, settings: Any) -> "SlowRag":
        return cls()

    def steps(self, question: str, *_: Any) -> Any:
        yield Found(cast(Query, None), [], Trace(question))
        held = question == "hold"
        ends = time.monotonic() + (60 if held else float(question))
        while time.monotonic() < ends and not (held and GO.exists()):
            time.sleep(0.005)
            yield ""
        yield Answer(question, "Yes.", "quoted")


def ready(settings: Any) -> Readiness:
    return Readiness(status="ready", checks={})


if __name__ == "__main__":
    log.configure()
    settings = get_settings()
    Server(create_app(settings, SlowRag.open, ready), settings, "127.0.0.1", int(sys.argv[1])).run()

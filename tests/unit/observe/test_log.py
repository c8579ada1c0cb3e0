import io
import json
import logging

import pytest

from lab.observe import log


@pytest.fixture
def lines():
    """Configures logging for a test, and gives what was written, each line read as JSON."""
    root, before = logging.getLogger(), (logging.getLogger().handlers[:], logging.getLogger().level, log.access)
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, write_through=True)
    log.configure(stream)
    yield lambda: [json.loads(line) for line in raw.getvalue().splitlines()]
    root.handlers, log.access = before[0], before[2]
    root.setLevel(before[1])
    stream.detach()


@pytest.fixture(autouse=True)
def no_request_afterwards():
    """Tests share one context: what runs next would belong to the request that a test has opened."""
    yield
    log.request_id.set("")
    log._noted.set(None)


def test_lines_of_libraries_and_of_requests_have_one_form(lines):
    logging.getLogger("lab.service").warning("Redis is %s.", "away")
    logging.getLogger("uvicorn.error").info("Started", extra={"color_message": "\x1b[1mStarted"})
    log.access.info("request", status=200)
    assert [(one["event"], one["level"]) for one in lines()] == [("Redis is away.", "warning"), ("Started", "info"), ("request", "info")]
    assert all("time" in one and "color_message" not in one for one in lines())


def test_a_line_carries_the_id_of_its_request(lines):
    log.open_request("abc")
    logging.getLogger("lab.rag").warning("slow")
    log.request_id.set("")
    logging.getLogger("lab.rag").warning("nobody's")
    assert [one.get("request_id") for one in lines()] == ["abc", None]


def test_a_traceback_stays_on_its_line(lines):
    try:
        raise ValueError("first\nsecond")
    except ValueError:
        logging.getLogger("lab.service").exception("failed")
    (line,) = lines()
    assert "ValueError: first\nsecond" in line["exception"]


def test_what_cannot_be_json_is_written_as_text(lines):
    logging.getLogger("lab.service").warning("odd", extra={"path": io, "number": 3})
    assert lines()[0]["number"] == 3


def test_notes_belong_to_the_present_request():
    fields = log.open_request("abc")
    log.note(cached="memory", state="grounded")
    assert fields == {"cached": "memory", "state": "grounded"}

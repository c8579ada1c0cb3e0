from datetime import UTC, datetime

from lab.observe.joined import of_request, written

API = ("api", '{"event": "request", "time": "2026-11-21T17:00:02.5Z", "request_id": "one"}')


def test_lines_of_other_requests_are_left_out():
    others = [("api", API[1].replace("one", other)) for other in ("one-more", "someone", "one.2", "two")]
    assert of_request([*others, API], "one") == [API]


def test_lines_are_in_the_order_of_time_and_not_of_services():
    worker = ("worker", API[1].replace("02.5", "01.5"))
    assert of_request([API, worker], "one") == [worker, API]


def test_a_time_without_a_zone_is_that_of_this_machine():
    at = datetime(2026, 11, 21, 17, 0, 1, 500_000, tzinfo=UTC)
    line = f"{at.astimezone():%Y-%m-%d %H:%M:%S},500 INFO 200 POST /api/chat request_id=one"
    assert written(line) == at


def test_a_line_without_a_time_comes_first():
    assert [name for name, _ in of_request([API, ("ollama", "one")], "one")] == ["ollama", "api"]

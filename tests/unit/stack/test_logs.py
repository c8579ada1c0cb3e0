"""Reading logs, and following them."""

from itertools import islice

import pytest

from lab.errors import InputError
from lab.stack.logs import follow, last_lines, log_files


@pytest.fixture
def logs(settings):
    """The folder of logs, with three lines of Chroma's."""
    folder = settings.lab_home / "logs"
    folder.mkdir(parents=True)
    (folder / "chroma.log").write_text("one\ntwo\nthree\n")
    return folder


def test_the_last_lines_of_one_service(settings, logs):
    assert list(last_lines(log_files(settings, "chroma"), 2)) == [("chroma", "two"), ("chroma", "three")]


def test_without_a_name_all_services_are_read_and_missing_logs_are_empty(settings, logs):
    assert list(last_lines(log_files(settings), 1)) == [("chroma", "three")]


def test_an_unknown_service_lists_the_known(settings):
    with pytest.raises(InputError, match="no service postgres") as error:
        log_files(settings, "postgres")
    assert "chroma" in error.value.hint


def test_following_begins_with_what_comes_next_and_waits_for_whole_lines(settings, logs):
    lines = follow(log_files(settings, "chroma"))
    with (logs / "chroma.log").open("a") as log:
        first = started(lines, log, "four\nfi")
        log.write("ve\n")
    assert [first, next(lines)] == [("chroma", "four"), ("chroma", "five")]


def test_following_goes_on_in_the_new_file_after_a_restart(settings, logs):
    lines = follow(log_files(settings, "chroma"))
    with (logs / "chroma.log").open("a") as log:
        started(lines, log, "four\n")
    (logs / "chroma.log").write_text("new\n")
    assert list(islice(lines, 1)) == [("chroma", "new")]


def started(lines, log, text):
    """The first line of a generator that must look at the file before the text is written."""
    import threading

    timer = threading.Timer(0.05, lambda: (log.write(text), log.flush()))
    timer.start()
    return next(lines)

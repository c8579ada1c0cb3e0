"""The checks of lesson 03 that need an engine: right numbers and commands, when the engine has seen something else."""

import pytest

from lab.containers import clear, labels, wait_until
from lab.course.exercise import Wrong
from lab.course.exercises import lesson_03
from lab.settings import get_settings

SECOND = 10**9
LESSON = "97x"  # no lesson of the course
OURS = labels(LESSON)
ASK = "exec 3<>/dev/tcp/127.0.0.1/8000 && printf 'GET /api/v2/heartbeat HTTP/1.0\\r\\n\\r\\n' >&3 && head -n 1 <&3 | grep -q {}"


@pytest.fixture(autouse=True)
def lesson(engine, monkeypatch):
    """A label and names of this test, so that a lesson that somebody runs now is left alone."""
    monkeypatch.setattr(lesson_03, "LESSON", LESSON)
    clear(LESSON)
    yield
    clear(LESSON)


def run(engine, command, image=None, **more):
    return engine.containers.run(image or get_settings().debian_image, command, detach=True, init=True, labels=OURS, **more)


def checked(engine, image, test):
    return run(engine, None, image, healthcheck={"test": test, "interval": SECOND, "retries": 60})


def test_a_check_of_chroma_that_takes_any_answer_is_told(engine):
    chroma = checked(engine, get_settings().chroma_image, ["CMD", "bash", "-c", ASK.format("HTTP")])
    with pytest.raises(Wrong, match="passes for that as well"):
        lesson_03.chroma_check(chroma)


def test_a_check_that_forgives_a_missing_model_is_told(engine):
    model = get_settings().lesson_model
    server = checked(engine, get_settings().ollama_image, ["CMD-SHELL", f"ollama show {model} || true"])
    with pytest.raises(Wrong, match="a model that is not there"):
        lesson_03.model_check(server)


def test_an_unhealthy_container_is_told_in_the_words_of_its_check(engine):
    ill = run(engine, ["sleep", "60"], healthcheck={"test": ["CMD-SHELL", "echo no such page; exit 1"], "interval": SECOND, "retries": 1})
    with pytest.raises(Wrong, match="no such page"):
        lesson_03._require_healthy(ill)


def test_a_container_that_is_gone_is_told(engine):
    gone = run(engine, ["sleep", "60"])
    gone.remove(force=True)
    with pytest.raises(Wrong, match="gone"):
        lesson_03.numbers(gone)


def test_a_start_interval_that_nobody_gave_is_the_engine_s_own(engine):
    numbers = {"test": ["CMD", "true"], "interval": SECOND, "timeout": SECOND, "retries": 3, "start_period": 30 * SECOND}
    with pytest.raises(Wrong, match="5 seconds later"):
        lesson_03.numbers(run(engine, ["sleep", "60"], healthcheck=numbers))


@pytest.mark.parametrize(("code", "said"), [(1, ""), (0, "did not fail")])
def test_a_job_is_right_when_it_failed_and_was_given_up(engine, code, said):
    job = run(engine, ["sh", "-c", f"exit {code}"], restart_policy={"Name": "on-failure", "MaximumRetryCount": 3})
    if said:
        with pytest.raises(Wrong, match=said):
            lesson_03.gives_up(job)
    else:
        assert lesson_03.gives_up(job) is None


@pytest.mark.parametrize(("job", "said"), [(["sleep", "60"], "before the job"), (["true"], "before the store")])
def test_an_order_that_the_engine_did_not_see_is_told(engine, job, said):
    run(engine, ["sleep", "60"], name=f"lesson-{LESSON}-store-1")
    ended = run(engine, job, name=f"lesson-{LESSON}-job-1")
    if job == ["true"]:
        wait_until(lambda: ended.reload() or ended.status == "exited", "the end of the job")
    run(engine, ["sleep", "60"], name=f"lesson-{LESSON}-api-1")
    with pytest.raises(Wrong, match=said):
        lesson_03.start_order((0, ""))

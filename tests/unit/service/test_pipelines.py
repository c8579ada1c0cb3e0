from contextlib import ExitStack

import pytest

from lab.errors import InputError, ServiceError
from lab.service.pipelines import MOST, Busy, Pipelines
from lab.settings import load_settings


@pytest.fixture
def pipelines():
    return Pipelines(load_settings(request_timeout=0.05), lambda settings: object())


def borrow(pipelines, error=None):
    with pipelines.borrow() as rag:
        if error:
            raise error
        return rag


def test_requests_one_after_the_other_share_a_pipeline(pipelines):
    assert borrow(pipelines) is borrow(pipelines)


def test_requests_at_the_same_time_have_one_each(pipelines):
    with pipelines.borrow() as one, pipelines.borrow() as other:
        assert one is not other


def test_more_than_there_are_pipelines_is_busy(pipelines):
    with ExitStack() as stack:
        for _ in range(MOST):
            stack.enter_context(pipelines.borrow())
        with pytest.raises(Busy):
            borrow(pipelines)
    assert borrow(pipelines)


def test_a_pipeline_that_met_a_failing_service_is_not_used_again(pipelines):
    first = borrow(pipelines)
    with pytest.raises(ServiceError):
        borrow(pipelines, ServiceError("away"))
    assert borrow(pipelines) is not first


def test_a_refused_question_keeps_its_pipeline(pipelines):
    first = borrow(pipelines)
    with pytest.raises(InputError):
        borrow(pipelines, InputError("empty"))
    assert borrow(pipelines) is first


def test_a_pipeline_that_cannot_be_opened_takes_no_place():
    def fail(settings):
        raise ServiceError("away")

    pipelines = Pipelines(load_settings(request_timeout=0.05), fail)
    for _ in range(MOST + 1):
        with pytest.raises(ServiceError, match="away"):
            borrow(pipelines)

import pytest

from lab.errors import InputError, ServiceError
from lab.service.pipelines import COLLECTIONS, Pipelines
from lab.settings import load_settings


class Opened:
    """A pipeline that knows its collection only."""

    def __init__(self, settings):
        self.collection = settings.collection


@pytest.fixture
def pipelines():
    return Pipelines(load_settings(collection="usual"), Opened)


def borrow(pipelines, error=None, collection=None):
    with pipelines.borrow(collection) as rag:
        if error:
            raise error
        return rag


def test_requests_one_after_the_other_share_a_pipeline(pipelines):
    assert borrow(pipelines) is borrow(pipelines)


def test_requests_at_the_same_time_have_one_each(pipelines):
    with pipelines.borrow() as one, pipelines.borrow() as other:
        assert one is not other


def test_each_collection_has_pipelines_of_its_own(pipelines):
    assert [borrow(pipelines, collection=name).collection for name in (None, "usual", "other")] == ["usual", "usual", "other"]
    assert borrow(pipelines) is borrow(pipelines, collection="usual")


def test_the_collection_used_least_recently_is_forgotten(pipelines):
    first, kept = borrow(pipelines, collection="first"), borrow(pipelines, collection="kept")
    for number in range(COLLECTIONS - 1):
        borrow(pipelines, collection=f"more-{number}")
    assert borrow(pipelines, collection="kept") is kept
    assert borrow(pipelines, collection="first") is not first


def test_after_a_service_failed_no_old_pipeline_is_used(pipelines):
    with pipelines.borrow() as one, pipelines.borrow() as other:
        pass
    with pytest.raises(ServiceError):
        borrow(pipelines, ServiceError("away"))
    assert borrow(pipelines) not in (one, other)


def test_a_refused_question_keeps_its_pipeline(pipelines):
    first = borrow(pipelines)
    with pytest.raises(InputError):
        borrow(pipelines, InputError("empty"))
    assert borrow(pipelines) is first

"""Only what carries the lesson's label is removed, and the words are the same each time."""

import pytest
from docker.errors import APIError, NotFound
from hypothesis import given
from hypothesis import strategies as some

from lab.containers import clear, labels
from lab.errors import EngineError, InputError

KINDS = ("containers", "networks", "volumes", "images")
MARK = {"lab.lesson": "01"}


@given(some.from_regex(r"[0-9]{2}[a-z]?", fullmatch=True))
def test_a_lesson_has_one_label(lesson):
    assert labels(lesson) == {"lab.lesson": lesson}


@given(some.one_of(some.text(max_size=1), some.text(min_size=4), some.integers(), some.none(), some.just("01\n"), some.just("*")))
def test_what_is_no_lesson_is_refused(lesson):
    with pytest.raises(InputError, match="is no lesson"):
        labels(lesson)


@pytest.mark.parametrize("kind", KINDS)
def test_the_lessons_own_things_go(engine, kind):
    getattr(engine, kind).add("mine", **MARK)
    clear("01")
    assert getattr(engine, kind).all == []


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("label", [{}, {"lab.lesson": "02"}, {"lab.lesson": "010"}, {"lab.lesson": ""}, {"lesson": "01"}])
def test_the_things_of_others_stay(engine, kind, label):
    thing = getattr(engine, kind).add("theirs", **label)
    clear("01")
    assert getattr(engine, kind).all == [thing]


def test_the_words_do_not_tell_whether_there_was_anything(engine):
    engine.volumes.add("mine", **MARK)
    assert clear("01") == clear("01") == "Lesson 01 has no containers, networks, volumes or images here."


def test_containers_go_before_what_they_use(engine):
    order = []
    for kind in reversed(KINDS):
        getattr(engine, kind).add(kind, lambda kind=kind, **options: order.append(kind), **MARK)
    clear("01")
    assert order == list(KINDS)


def test_what_is_gone_in_between_is_no_failure(engine):
    def gone(**options):
        raise NotFound("No such container")

    engine.containers.add("mine", gone, **MARK)
    assert clear("01")


def test_what_cannot_be_removed_is_named_with_dockers_reason(engine):
    def refused(**options):
        raise APIError("409", explanation="network lesson has active endpoints")

    engine.networks.add("lesson", refused, **MARK)
    with pytest.raises(EngineError, match="the network lesson: network lesson has active endpoints"):
        clear("01")


def test_a_name_that_somebody_else_uses_is_told_with_the_way_out(engine):
    engine.containers.add("server")
    with pytest.raises(EngineError) as raised:
        clear("01", "server")
    assert "already a container called server" in raised.value.what
    assert "docker rename server server-mine" in raised.value.hint


def test_a_name_that_the_lesson_itself_left_over_is_free_again(engine):
    engine.containers.add("server", **MARK)
    assert clear("01", "server", "never-made")

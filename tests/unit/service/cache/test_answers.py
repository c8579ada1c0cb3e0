"""The cache as routes use it: what is computed, what is kept, and what never is."""

import asyncio
from typing import Any

import pytest
from pydantic import BaseModel

from lab.errors import ServiceError
from lab.service.cache.asked import Asked, Placed
from lab.service.cache.wire import pack, send, unpack

from .conftest import Reply


def test_the_second_equal_question_is_a_hit_and_the_hit_rate_is_a_half(run: Any, world: Any) -> None:
    async def test(cache: Any, ask: Any) -> None:
        first, second = await ask(), await ask("  Which   port? ")
        assert (first.cached, second.cached, first.answer == second.answer) == (False, "memory", True)
        stats = cache.get_stats()
        assert (stats["hits"], stats["misses"], stats["hit_rate"], stats["total_requests"]) == (1, 1, 0.5, 2)

    run(test)


@pytest.mark.parametrize("other", [{"question": "which port?"}, {"top_k": 4}, {"filters": {"source": "a.md"}}, {"collection": "other"}])
def test_another_request_is_another_answer(run: Any, world: Any, other: dict[str, Any]) -> None:
    async def test(cache: Any, ask: Any) -> None:
        await ask()
        assert (await ask(**other)).cached is False
        assert world.computed == 2

    run(test)


def test_one_filter_s_answer_never_goes_to_another(run: Any, world: Any) -> None:
    async def test(cache: Any, ask: Any) -> None:
        ours = await ask(filters={"folder": "ours"})
        theirs = await ask(filters={"folder": "theirs"})
        assert ours.answer != theirs.answer
        assert (await ask(filters={"folder": ["ours"]})).answer == ours.answer

    run(test)


def test_after_a_change_of_the_index_the_next_question_is_computed(run: Any, world: Any) -> None:
    async def test(cache: Any, ask: Any) -> None:
        await ask()
        cache.changing("handbook", lambda rag: setattr(world, "scope", "two"))(None)
        assert (await ask()).cached is False
        assert (await ask()).cached == "memory"

    run(test)


def test_an_answer_whose_index_changed_meanwhile_is_not_kept(run: Any, world: Any) -> None:
    async def test(cache: Any, ask: Any) -> None:
        world.during = lambda: setattr(world, "scope", "two")
        await ask()
        assert cache.get_stats()["not_kept"] == 1
        assert (await ask()).cached is False

    run(test)


def test_while_the_index_is_written_nothing_is_kept(run: Any, world: Any) -> None:
    world.writing = True

    async def test(cache: Any, ask: Any) -> None:
        await ask()
        assert (await ask()).cached is False
        assert cache.get_stats()["stores"] == 0

    run(test)


def test_an_answer_computed_in_a_finished_write_is_not_kept(run: Any, world: Any) -> None:
    async def test(cache: Any, ask: Any) -> None:
        world.writing = True
        world.during = lambda: (setattr(world, "writing", False), setattr(world, "scope", "stamped"))
        await ask()
        assert cache.get_stats()["stores"] == 0

    run(test)


def test_an_error_is_told_and_never_kept(run: Any, world: Any) -> None:
    async def test(cache: Any, ask: Any) -> None:
        world.fails = ServiceError("away", "")
        with pytest.raises(ServiceError):
            await ask()
        world.fails = None
        assert (await ask()).cached is False
        assert cache.get_stats()["misses"] == 2

    run(test)


@pytest.mark.parametrize(("keeps", "cached"), [(True, "memory"), (False, False)])
def test_a_refusal_is_kept_if_the_settings_say_so(run: Any, world: Any, keeps: bool, cached: Any) -> None:
    world.refused = True

    async def test(cache: Any, ask: Any) -> None:
        await ask()
        assert (await ask()).cached == cached

    run(test, api_cache_refusals=keeps)


@pytest.mark.parametrize("settings", [{"temperature": 0.8}, {"api_cache_ttl": 0}])
def test_answers_that_are_meant_to_differ_and_a_cache_without_time_keep_nothing(run: Any, world: Any, settings: dict[str, Any]) -> None:
    async def test(cache: Any, ask: Any) -> None:
        await ask()
        assert (await ask()).cached is False
        assert cache.peek(Asked("query", "Which port?", "handbook", 5)) is None
        assert cache.get_stats()["bypassed"] == 2

    run(test, **settings)


def test_no_cache_computes_anew_and_keeps_the_newer_answer(run: Any, world: Any) -> None:
    async def test(cache: Any, ask: Any) -> None:
        await ask()
        newer = await ask(read=False)
        assert (newer.cached, (await ask()).answer) == (False, newer.answer)

    run(test)


def test_no_store_keeps_nothing(run: Any, world: Any) -> None:
    async def test(cache: Any, ask: Any) -> None:
        await ask(read=False, store=False)
        assert (await ask()).cached is False

    run(test)


def test_twenty_equal_questions_at_once_are_computed_once_and_counted_truly(run: Any, world: Any) -> None:
    async def test(cache: Any, ask: Any) -> None:
        answers = await asyncio.gather(*(ask() for _ in range(20)))
        stats = cache.get_stats()
        assert (world.computed, {one.answer for one in answers}) == (1, {"answer 1"})
        assert (stats["misses"], stats["shared"], stats["computed"], stats["stores"]) == (20, 19, 1, 1)

    run(test)


def test_peek_answers_from_memory_alone(run: Any, world: Any) -> None:
    async def test(cache: Any, ask: Any) -> None:
        asked = Asked("query", "Which port?", "handbook", 5)
        assert cache.peek(asked) is None
        await ask()
        assert cache.peek(asked).level == "memory"
        assert cache.get_stats()["hits"] == 1

    run(test)


def test_a_request_that_is_remembered_follows_a_new_state_of_the_index(run: Any, world: Any) -> None:
    async def test(cache: Any, ask: Any) -> None:
        again = Placed(Asked("query", "Which port?", "handbook", 5))
        await ask()
        assert cache.peek_again(again).level == "memory"
        world.scope = "another"
        cache.watch.changed("handbook")
        assert cache.peek_again(again) is None
        newer = await ask()
        assert cache.peek_again(again).kept == pack(newer)

    run(test)


def test_a_response_keeps_its_types_and_says_what_is_true_of_this_request() -> None:
    response = Reply(answer='with "quotes", ä and\nlines')
    again = unpack(pack(response), "redis", 0.25, Reply)
    assert again == response.model_copy(update={"cached": "redis", "processing_time": 0.25})


def test_a_form_without_those_fields_gets_none() -> None:
    class Plain(BaseModel):
        answer: str

    assert send(pack(Plain(answer="a")), "memory", 0, Plain) == b'{"answer":"a"}'


def test_another_wording_gets_the_answer_when_it_is_near_enough(run: Any, world: Any) -> None:
    world.vectors = {"Which port?": [1.0, 0.0], "What port?": [0.99, 0.1], "Which model?": [0.7, 0.7]}

    async def test(cache: Any, ask: Any) -> None:
        first = await ask()
        near, far = await ask("What port?"), await ask("Which model?")
        assert (near.cached, near.answer, far.cached) == ("likeness", first.answer, False)
        assert cache.get_stats()["likeness_hits"] == 1

    run(test, api_cache_likeness=0.95)


def test_a_near_wording_under_another_filter_is_another_question(run: Any, world: Any) -> None:
    world.vectors = {"Which port?": [1.0, 0.0], "What port?": [1.0, 0.0]}

    async def test(cache: Any, ask: Any) -> None:
        await ask(filters={"folder": "ours"})
        assert (await ask("What port?", filters={"folder": "theirs"})).cached is False

    run(test, api_cache_likeness=0.9)


def test_a_near_question_whose_answer_is_gone_is_forgotten(run: Any, world: Any) -> None:
    world.vectors = {"Which port?": [1.0, 0.0], "What port?": [1.0, 0.0]}

    async def test(cache: Any, ask: Any) -> None:
        await ask()
        await cache.levels.invalidate("handbook")
        assert (await ask("What port?")).cached is False
        assert cache.get_stats()["likeness_entries"] == 1

    run(test, api_cache_likeness=0.9)

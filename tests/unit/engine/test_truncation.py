"""Prompts that are too long."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from lab.engine.truncation import cut_middle, newest_messages

ROLES = st.sampled_from(["system", "user", "assistant"])
CHATS = st.lists(st.builds(lambda role, size: {"role": role, "content": "x" * size}, ROLES, st.integers(0, 9)), min_size=1, max_size=12)


def length(messages: list[dict[str, Any]]) -> int:
    return sum(len(message["content"]) for message in messages)


@given(CHATS, st.integers(0, 60))
def test_what_fits_is_not_touched(messages: list[dict[str, Any]], spare: int) -> None:
    limit = length(messages) + spare
    assert newest_messages(messages, lambda kept: length(kept) <= limit) == messages


@given(CHATS, st.integers(0, 60))
def test_system_messages_and_the_last_one_always_stay(messages: list[dict[str, Any]], limit: int) -> None:
    kept = newest_messages(messages, lambda chosen: length(chosen) <= limit)
    assert kept[-1] is messages[-1]
    assert [m for m in kept if m["role"] == "system"] == [m for m in messages if m["role"] == "system"]


@given(CHATS, st.integers(0, 60))
def test_only_the_oldest_go_and_no_more_than_needed(messages: list[dict[str, Any]], limit: int) -> None:
    kept = newest_messages(messages, lambda chosen: length(chosen) <= limit)
    others = [m for m in messages if m["role"] != "system"]
    left = [m for m in kept if m["role"] != "system"]
    assert left == others[len(others) - len(left) :]
    one_more = [m for m in messages if m["role"] == "system" or m in others[len(others) - len(left) - 1 :]]
    assert len(left) == len(others) or length(one_more) > limit


def test_the_answer_of_a_tool_keeps_its_question() -> None:
    messages = [
        {"role": "user", "content": "x" * 50},
        {"role": "assistant", "content": "", "tool_calls": [{"function": {"name": "f", "arguments": {}}}]},
        {"role": "tool", "content": "42"},
    ]
    assert newest_messages(messages, lambda kept: length(kept) < 10) == messages[1:]


TOKENS = st.integers(0, 400).map(lambda count: list(range(count)))


@given(TOKENS, st.integers(2, 300), st.integers(-1, 350))
def test_a_cut_prompt_fits_and_leaves_room(tokens: list[int], num_ctx: int, num_keep: int) -> None:
    kept = cut_middle(tokens, num_ctx, num_keep)
    assert len(kept) < num_ctx
    assert kept == tokens or len(tokens) >= num_ctx


@given(st.integers(100, 400), st.integers(0, 50))
def test_the_first_tokens_and_the_newest_stay(count: int, num_keep: int) -> None:
    tokens = list(range(count))
    kept = cut_middle(tokens, 100, num_keep)
    assert kept[:num_keep] == tokens[:num_keep]
    assert kept[num_keep:] == tokens[-(len(kept) - num_keep) :]


def test_about_half_the_context_remains_as_in_ollama() -> None:
    assert len(cut_middle(list(range(8707)), 4096, 4)) == 2050

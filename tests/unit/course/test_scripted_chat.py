import httpx
import pytest
from langchain_ollama import ChatOllama

from lab.course.scripted_chat import scripted_chat


def test_texts_come_one_after_the_other_and_the_last_stays():
    with scripted_chat("one", "two") as server:
        model = ChatOllama(model="scripted", base_url=server.url)
        assert [model.invoke("Hi").content for _ in range(3)] == ["one", "two", "two"]
        assert [asked["messages"][0]["content"] for asked in server.asked] == ["Hi"] * 3


def test_a_function_answers_each_request():
    with scripted_chat(lambda asked: asked["messages"][0]["content"].upper()) as server:
        assert ChatOllama(model="scripted", base_url=server.url).invoke("hi").content == "HI"


def test_the_server_ends_with_its_block():
    with scripted_chat("x") as server:
        url = server.url
    with pytest.raises(httpx.HTTPError):
        httpx.post(f"{url}/api/chat", json={"model": "m"}, timeout=1)

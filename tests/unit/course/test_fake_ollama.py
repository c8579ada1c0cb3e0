"""The server that stands in for Ollama servers which are well or ill."""

import httpx
import pytest

from lab.course.fake_ollama import away, fake_ollama

TOKEN = {"model": "m:1b", "prompt": "Hi", "stream": False}


@pytest.mark.parametrize(("stored", "works", "status"), [([], False, 404), (["m:1b"], False, 500), (["m:1b"], True, 200)])
def test_it_is_alive_in_every_state_and_writes_in_one(stored, works, status):
    with fake_ollama(stored, works) as url:
        assert httpx.get(url).text == "Ollama is running"
        assert httpx.post(f"{url}/api/generate", json=TOKEN).status_code == status


def test_it_lists_what_is_stored():
    with fake_ollama(["m:1b", "n:2b"], works=True) as url:
        assert [one["name"] for one in httpx.get(f"{url}/api/tags").json()["models"]] == ["m:1b", "n:2b"]


def test_it_shows_a_model_that_cannot_write():
    with fake_ollama(["m:1b"], works=False) as url:
        assert httpx.post(f"{url}/api/show", json={"model": "m:1b"}).is_success


def test_another_path_is_404():
    with fake_ollama([], works=True) as url:
        assert httpx.get(f"{url}/api/nothing").status_code == 404


def test_it_ends_with_its_block():
    with fake_ollama([], works=True) as url:
        pass
    with pytest.raises(httpx.ConnectError):
        httpx.get(url)


def test_away_answers_nothing():
    with pytest.raises(httpx.ConnectError):
        httpx.get(away())

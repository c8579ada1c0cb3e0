"""Which place is chosen, and that the reason says why."""

import pytest

from lab.errors import ServiceError, SettingError
from lab.stack.place import choose, parse_place


@pytest.fixture
def no_program(monkeypatch):
    monkeypatch.setattr("shutil.which", lambda name: None)


@pytest.fixture
def program(monkeypatch):
    monkeypatch.setattr("shutil.which", lambda name: f"/usr/bin/{name}")


def names(choice):
    return [service.name for service in choice.services]


def test_without_ollama_it_is_embedded(settings, no_program):
    choice = choose(settings, None)
    assert (choice.place, names(choice)) == ("embedded", ["ollama", "chroma", "jupyter"])
    assert settings.ollama_host in choice.reason


def test_an_answering_server_makes_it_native_and_is_not_ours(settings, no_program, stand_in):
    stand_in({"/api/version": {"version": "0.33.0"}}, settings.ollama_port)
    choice = choose(settings, None)
    assert (choice.place, names(choice)) == ("native", ["chroma", "jupyter"])


@pytest.mark.parametrize("wanted", [None, "embedded"])
def test_the_engine_of_another_lab_is_used_and_is_not_ours(settings, program, stand_in, wanted):
    stand_in({"/api/version": {"version": "0.33.0+lab"}}, settings.ollama_port)
    choice = choose(settings, wanted)
    assert (choice.place, names(choice)) == ("embedded", ["chroma", "jupyter"])
    assert "embedded engine answers already" in choice.reason


def test_who_wants_native_gets_it_with_an_embedded_engine_too(settings, no_program, stand_in):
    stand_in({"/api/version": {"version": "0.33.0+lab"}}, settings.ollama_port)
    choice = choose(settings, "native")
    assert (choice.place, names(choice)) == ("native", ["chroma", "jupyter"])


def test_something_else_on_the_port_is_no_ollama(settings, no_program, stand_in):
    stand_in({"/api/version": ["not", "ollama"]}, settings.ollama_port)
    assert choose(settings, None).place == "embedded"


def test_the_program_alone_makes_it_native_and_is_started(settings, program):
    choice = choose(settings, None)
    assert (choice.place, names(choice)) == ("native", ["ollama", "chroma", "jupyter"])


def test_a_wish_wins_over_what_the_machine_has(settings, program):
    assert choose(settings, "embedded").place == "embedded"


def test_native_without_ollama_says_how_to_get_one(settings, no_program):
    with pytest.raises(ServiceError) as error:
        choose(settings, "native")
    assert "ollama serve" in error.value.hint


def test_compose_says_that_it_is_not_there_and_what_to_use(settings):
    with pytest.raises(SettingError) as error:
        choose(settings, "compose")
    assert "not available yet" in error.value.what
    assert "--place embedded" in error.value.hint


def test_a_word_that_is_no_place_lists_the_places():
    with pytest.raises(SettingError, match="no place moon") as error:
        parse_place("moon")
    assert "embedded" in error.value.hint


@pytest.mark.parametrize("text", ["compose", "native", "embedded", None])
def test_places_are_read_as_typed(text):
    assert parse_place(text) == text

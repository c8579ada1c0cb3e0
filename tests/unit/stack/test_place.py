"""Which place is chosen, and that the reason says why."""

from types import SimpleNamespace

import pytest

from lab.errors import EngineError, ServiceError, SettingError
from lab.settings import load_settings
from lab.stack.docker_engine import Engine
from lab.stack.place import choose, in_container, in_containers, parse_place, parse_profiles
from tests.unit.stack.fake_docker import container


@pytest.fixture
def no_program(monkeypatch):
    monkeypatch.setattr("shutil.which", lambda name: None)


@pytest.fixture
def program(monkeypatch):
    monkeypatch.setattr("shutil.which", lambda name: f"/usr/bin/{name}")


def names(choice, settings):
    return [service.name for service in choice.services(settings)]


def test_without_ollama_it_is_embedded(settings, no_program):
    choice = choose(settings, None)
    assert (choice.place, names(choice, settings)) == ("embedded", ["ollama", "chroma", "api", "jupyter"])
    assert settings.ollama_host in choice.reason


def test_an_answering_server_makes_it_native_and_is_not_ours(settings, no_program, stand_in):
    stand_in({"/api/version": {"version": "0.33.0"}}, settings.ollama_port)
    choice = choose(settings, None)
    assert (choice.place, names(choice, settings)) == ("native", ["chroma", "api", "jupyter"])


@pytest.mark.parametrize("wanted", [None, "embedded"])
def test_the_engine_of_another_lab_is_used_and_is_not_ours(settings, program, stand_in, wanted):
    stand_in({"/api/version": {"version": "0.33.0+lab"}}, settings.ollama_port)
    choice = choose(settings, wanted)
    assert (choice.place, names(choice, settings)) == ("embedded", ["chroma", "api", "jupyter"])
    assert "embedded engine answers already" in choice.reason


def test_who_wants_native_gets_it_with_an_embedded_engine_too(settings, no_program, stand_in):
    stand_in({"/api/version": {"version": "0.33.0+lab"}}, settings.ollama_port)
    choice = choose(settings, "native")
    assert (choice.place, names(choice, settings)) == ("native", ["chroma", "api", "jupyter"])


def test_something_else_on_the_port_is_no_ollama(settings, no_program, stand_in):
    stand_in({"/api/version": ["not", "ollama"]}, settings.ollama_port)
    assert choose(settings, None).place == "embedded"


def test_the_program_alone_makes_it_native_and_is_started(settings, program):
    choice = choose(settings, None)
    assert (choice.place, names(choice, settings)) == ("native", ["ollama", "chroma", "api", "jupyter"])


def test_a_wish_wins_over_what_the_machine_has(settings, program):
    assert choose(settings, "embedded").place == "embedded"


def test_native_without_ollama_says_how_to_get_one(settings, no_program):
    with pytest.raises(ServiceError) as error:
        choose(settings, "native")
    assert "ollama serve" in error.value.hint


def test_who_wants_compose_without_docker_is_told_what_is_missing(settings, no_program):
    with pytest.raises(EngineError, match="`docker` is not installed"):
        choose(settings, "compose")


@pytest.fixture
def docker(monkeypatch):
    """`docker(own=(), missing="")`: an engine answers that runs these containers of the lab, and lacks this image."""

    def answer(own=(), missing=""):
        def require_images(client, settings):
            if missing:
                raise EngineError(f"Docker does not have the image {missing}, and no registry gives it.", "")

        monkeypatch.setattr("lab.stack.docker_engine.find_engine", lambda: Engine("28.5.2", "2.40.3", "default"))
        monkeypatch.setattr("lab.stack.docker_engine.connect", lambda settings: SimpleNamespace(close=lambda: None))
        monkeypatch.setattr("lab.stack.project.containers", lambda client, settings: {name: container(name) for name in own})
        monkeypatch.setattr("lab.stack.images.require_images", require_images)

    return answer


def test_an_engine_with_its_images_makes_it_compose(settings, program, docker):
    docker()
    choice = choose(settings, None)
    assert (choice.place, choice.reason) == ("compose", "Docker Engine 28.5.2 answers")


def test_without_images_it_is_another_place_and_the_reason_says_why(settings, no_program, docker):
    docker(missing="chromadb/chroma:1.5.9")
    choice = choose(settings, None)
    assert choice.place == "embedded"
    assert choice.reason.startswith("Docker does not have the image chromadb/chroma:1.5.9, and no registry gives it; no Ollama")


def test_a_server_at_ollamas_port_is_used_instead_of_a_container_that_could_not_have_the_port(settings, no_program, docker, stand_in):
    docker()
    stand_in({"/api/version": {"version": "0.33.0"}}, settings.ollama_port)
    assert choose(settings, None).place == "native"


def test_the_labs_own_container_at_that_port_keeps_the_place(settings, no_program, docker, stand_in):
    docker(own=["ollama"])
    stand_in({"/api/version": {"version": "0.33.0+lab"}}, settings.ollama_port)
    assert choose(settings, None).place == "compose"


def test_on_a_mac_containers_use_the_server_of_the_machine(settings, no_program, docker, stand_in, monkeypatch):
    monkeypatch.setattr("sys.platform", "darwin")
    docker()
    stand_in({"/api/version": {"version": "0.33.0"}}, settings.ollama_port)
    assert choose(settings, None).place == "compose"


def test_a_wish_for_another_place_asks_no_engine(settings, program, monkeypatch):
    monkeypatch.setattr("lab.stack.docker_engine.find_engine", lambda: pytest.fail("asked"))
    assert choose(settings, "embedded").place == "embedded"


@pytest.mark.parametrize(("host", "inside"), [("127.0.0.1", False), ("chroma", True)])
def test_the_labs_own_container_is_known_by_the_names_of_the_others(host, inside):
    assert in_container(load_settings(lab_place="compose", chroma_host=host)) is inside


def test_a_word_that_is_no_place_lists_the_places():
    with pytest.raises(SettingError, match="no place moon") as error:
        parse_place("moon")
    assert "embedded" in error.value.hint


@pytest.mark.parametrize("text", ["compose", "native", "embedded", None])
def test_places_are_read_as_typed(text):
    assert parse_place(text) == text


@pytest.fixture
def somebodys_engine(monkeypatch):
    """An engine that runs containers of the lab."""
    monkeypatch.setattr("lab.stack.compose_lab.any_runs", lambda settings, of_this_folder: of_this_folder)


def test_a_lab_that_compose_started_alone_is_found_by_its_ports(settings, program, somebodys_engine, stand_in, monkeypatch):
    monkeypatch.delenv("LAB_PLACE")
    free = load_settings()
    assert not in_containers(free, None)
    stand_in({}, free.chroma_port)
    assert in_containers(free, None)


@pytest.mark.parametrize(("started", "found"), [("compose", True), ("embedded", False)])
def test_what_lab_up_recorded_counts_without_a_look(settings, started, found):
    assert in_containers(settings, started) is found


def test_a_word_that_is_no_profile_lists_the_profiles():
    with pytest.raises(SettingError, match="no profile prod") as error:
        parse_profiles(["prod"])
    assert "lab up --profile production" in error.value.hint
    assert list(parse_profiles(["production"])) == ["production"]

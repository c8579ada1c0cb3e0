"""Models of the server: what it has, and fetching what it lacks."""

import pytest

from lab.errors import ModelError
from lab.stack.models import ensure_models, full_name, pull, read_models
from lab.stack.progress import Silent

TAGS = {"models": [{"name": "all-minilm:latest", "size": 46, "details": {"family": "bert"}}, {"name": "smollm2:135m", "size": 98}]}


class Seen(Silent):
    """Remembers what was shown."""

    def __init__(self):
        self.shown = []

    def show(self, subject, text, done=None):
        self.shown.append((subject, text, done))


@pytest.mark.parametrize(
    ("model", "name"), [("a", "a:latest"), ("a:b", "a:b"), ("host:5000/a", "host:5000/a:latest"), ("host:5000/a:b", "host:5000/a:b")]
)
def test_a_name_without_a_tag_means_latest(model, name):
    assert full_name(model) == name


def test_models_tell_whether_they_are_loaded(settings, stand_in):
    stand_in({"/api/tags": TAGS, "/api/ps": {"models": [{"name": "smollm2:135m"}]}}, settings.ollama_port)
    assert [(model.name, model.family, model.loaded) for model in read_models(settings)] == [
        ("all-minilm:latest", "bert", False),
        ("smollm2:135m", "", True),
    ]


def test_no_server_has_no_models(settings):
    assert read_models(settings) == []


def test_models_that_are_there_are_not_fetched(settings, stand_in):
    stand_in({"/api/tags": TAGS, "/api/ps": {"models": []}}, settings.ollama_port)
    seen = Seen()
    ensure_models(settings, seen)
    assert seen.shown == []


def test_fetching_shows_how_far_it_is(settings, stand_in):
    lines = [{"status": "pulling manifest"}, {"status": "pulling x", "total": 4, "completed": 1}, {"status": "success"}]
    stand_in({"/api/pull": lines}, settings.ollama_port)
    seen = Seen()
    pull(settings, "CHAT_MODEL", seen)
    subject = f"model {settings.chat_model}"
    assert seen.shown == [(subject, "fetching", None), (subject, "fetching", 0.25), (subject, "ready", None)]


def test_a_model_that_cannot_be_fetched_names_the_setting_and_what_is_there(settings, stand_in):
    stand_in({"/api/pull": [{"error": "pull model manifest: file does not exist"}], "/api/tags": TAGS}, settings.ollama_port)
    with pytest.raises(ModelError, match="file does not exist") as error:
        pull(settings, "CHAT_MODEL", Silent())
    assert "CHAT_MODEL" in error.value.hint
    assert "all-minilm:latest, smollm2:135m" in error.value.hint


@pytest.mark.parametrize("lines", [[], [{"status": "pulling manifest"}]])
def test_an_answer_that_breaks_off_is_an_error(settings, stand_in, lines):
    stand_in({"/api/pull": lines}, settings.ollama_port)
    with pytest.raises(ModelError, match="broke off"):
        pull(settings, "EMBED_MODEL", Silent())


def test_a_server_that_is_gone_is_an_error(settings):
    with pytest.raises(ModelError, match="refused"):
        pull(settings, "CHAT_MODEL", Silent())


ABLE = {
    "models": [
        {"name": "all-minilm:latest", "capabilities": ["embedding"]},
        {"name": "smollm2:135m", "capabilities": ["completion"]},
    ]
}


def test_an_embedding_model_is_refused_as_chat_model_and_only_fitting_ones_are_named(settings, stand_in):
    stand_in({"/api/tags": ABLE, "/api/ps": {"models": []}}, settings.ollama_port)
    with pytest.raises(ModelError, match="all-minilm:latest cannot be used as CHAT_MODEL: it does no completion") as error:
        ensure_models(settings.model_copy(update={"chat_model": "all-minilm"}), Silent())
    assert "(smollm2:135m)" in error.value.hint

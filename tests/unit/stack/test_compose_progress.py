"""What Compose tells becomes lines for people; nothing that an error needs is lost."""

import base64

import pytest

from lab.stack.compose_progress import Watch


class Lines:
    def __init__(self):
        self.shown = []

    def show(self, subject, text, done=None):
        self.shown.append((subject, text, done))


@pytest.fixture
def view():
    return Lines()


@pytest.fixture
def watch(settings, view, monkeypatch):
    monkeypatch.setattr(Watch, "_follow_pull", lambda self: None)
    return Watch(settings, view)


def happened(service, *words):
    return [{"id": f"Container slipway-{service}-1", "status": word} for word in words]


def texts(view):
    return [(subject, text) for subject, text, _ in view.shown]


def test_a_service_goes_from_created_to_ready(watch, view):
    watch.take(happened("chroma", "Creating", "Created", "Starting", "Started", "Waiting", "Healthy"))
    assert texts(view) == [("Chroma", "created"), ("Chroma", "starting"), ("Chroma", "ready")]


def test_what_is_ready_stays_so_when_others_wait_for_it(watch, view):
    watch.take(happened("ollama", "Started", "Healthy", "Waiting", "Healthy"))
    assert texts(view) == [("Ollama", "starting"), ("Ollama", "ready")]


def test_a_failure_after_that_is_shown(watch, view):
    watch.take(happened("ollama", "Started", "Healthy", "Error"))
    assert texts(view)[-1] == ("Ollama", "failed")


def test_a_one_shot_is_named_by_its_work_and_ends(watch, view):
    watch.take(happened("model-pull", "Started", "Exited"))
    assert texts(view) == [("models", "fetching"), ("models", "ready")]


def test_newer_versions_of_compose_put_the_word_into_text(watch, view):
    watch.take([{"id": "Container slipway-api-1", "status": "Done", "text": "Healthy"}])
    assert texts(view) == [("RAG API", "ready")]


def test_the_layers_of_an_image_add_up_to_one_bar(watch, view):
    layers = [("a", 50, 100), ("b", 100, 300), ("a", 100, 100)]
    watch.take({"id": layer, "parent_id": "ollama", "text": "Downloading", "current": now, "total": all} for layer, now, all in layers)
    assert view.shown == [("image of Ollama", "fetching", part) for part in (0.5, 150 / 400, 200 / 400)]


def test_the_steps_of_a_build_move_a_bar(watch, view):
    names = ("[internal] load build definition", "[api build 2/8] RUN pip install", "[api  4/8] COPY lab")
    watch.take([{"vertexes": [{"name": name}]} for name in names])
    assert view.shown == [("image api", "building", 0.25), ("image api", "building", 0.5)]


def test_the_output_of_a_failed_step_is_kept(watch):
    watch.take(
        [
            {"logs": [{"data": base64.b64encode(b"one\nno matching distribution\n").decode()}]},
            {"vertexes": [{"name": "[api 2/8] RUN pip install", "error": "exit code: 1"}]},
            {"code": 17},
        ]
    )
    assert list(watch.output) == ["one", "no matching distribution"]
    assert list(watch.said) == ["[api 2/8] RUN pip install: exit code: 1"]


def test_errors_and_remarks_are_kept_and_the_exit_code_is_returned(watch):
    assert watch.take([{"remark": " a warning"}, {"error": True, "message": "no such host"}, {"remark": ""}, {"code": 1}]) == 1
    assert list(watch.said) == [" a warning", "no such host"]


def test_containers_of_other_projects_are_not_shown(watch, view):
    watch.take([{"id": "Container other-ollama-1", "status": "Started"}, {"id": "Network slipway_default", "status": "Created"}])
    assert view.shown == []

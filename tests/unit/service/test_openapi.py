"""The API's description of itself: complete, and true to what it answers."""

import pytest
from pydantic import TypeAdapter

from lab.service import models
from lab.service.app import create_app
from lab.service.openapi import ERRORS, PROBES, PROBLEM
from lab.settings import load_settings

BODIES = ("/query", "/index", "/ingest", "/rag")


@pytest.fixture(scope="module")
def described():
    return create_app(load_settings(), lambda settings: None).openapi()


def operations(described):
    return [(path, method, told) for path, methods in described["paths"].items() for method, told in methods.items()]


def schema(described, content):
    name = content["schema"].get("$ref", "").rsplit("/", 1)[-1]
    return described["components"]["schemas"].get(name, content["schema"])


def test_it_has_the_name_and_version_that_clients_know(described):
    assert (described["info"]["title"], described["info"]["version"]) == ("RAG API", "1.0.0")


def test_every_operation_has_a_name_of_its_own_and_a_tag_that_is_explained(described):
    names = [told["operationId"] for _, _, told in operations(described)]
    assert len(names) == len(set(names))
    explained = {tag["name"] for tag in described["tags"]}
    assert all(set(told["tags"]) <= explained for _, _, told in operations(described))


def test_every_request_and_answer_has_an_example(described):
    lacking = []
    for path, method, told in operations(described):
        contents = [told["requestBody"]["content"]] if "requestBody" in told else []
        contents += [answer["content"] for answer in told["responses"].values() if "content" in answer]
        for kind, content in ((kind, content) for each in contents for kind, content in each.items()):
            if not ("example" in content or "examples" in schema(described, content) or kind == "text/plain"):
                lacking.append((path, method, kind))
    assert lacking == []


def test_every_error_is_a_problem_with_an_example_that_is_one(described):
    for path, _, told in operations(described):
        for status, answer in told["responses"].items():
            if int(status) >= 400 and path != "/ready":
                assert models.Problem.model_validate(answer["content"][PROBLEM]["example"]).status == int(status)
                assert answer["description"]


def test_fastapis_own_form_of_an_error_is_nowhere(described):
    assert "HTTPValidationError" not in str(described)


def test_every_route_but_the_probes_may_ask_for_a_key(described):
    for path, _, told in operations(described):
        assert ({"401", "403", "429"} <= set(told["responses"])) == (path not in PROBES), path
        assert ("security" in told) == (path not in PROBES), path


def test_what_may_be_refused_for_a_while_says_for_how_long(described):
    refusals = [told["responses"][status] for _, _, told in operations(described) for status in {"429", "503"} & set(told["responses"])]
    assert refusals
    assert all("Retry-After" in one["headers"] for one in refusals if PROBLEM in one["content"])


@pytest.mark.parametrize("path", BODIES)
def test_a_body_may_be_unreadable_too_large_no_json_or_wrong(described, path):
    assert {"400", "413", "415", "422"} <= set(described["paths"][path]["post"]["responses"])


@pytest.mark.parametrize("name", models.__all__)
def test_the_examples_of_a_model_are_ones(name):
    model = getattr(models, name)
    for example in getattr(model, "model_config", {}).get("json_schema_extra", {}).get("examples", []):
        assert TypeAdapter(model).validate_python(example)


@pytest.mark.parametrize("path", BODIES)
def test_the_examples_of_requests_are_answered(filled, described, path):
    content = described["paths"][path]["post"]["requestBody"]["content"]["application/json"]
    for example in schema(described, content)["examples"]:
        assert filled.post(path, json=example).status_code == 200


def test_the_browsers_page_is_there(quick):
    assert (quick.get("/docs").status_code, quick.get("/openapi.json").json()["info"]["title"]) == (200, "RAG API")


def test_every_error_is_documented_somewhere(described):
    documented = {int(status) for _, _, told in operations(described) for status in told["responses"]}
    assert set(ERRORS) <= documented

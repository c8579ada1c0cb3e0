"""Every metric of a scripted run equals the count that the script knows."""

import importlib.util
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from lab.course.serve import serving
from lab.service.app import create_app
from lab.settings import Settings, load_settings

Samples = dict[tuple[str, ...], float]
PLACE = Path(__file__).with_name("script.py")


@pytest.fixture(scope="module")
def script_module() -> ModuleType:
    spec = importlib.util.spec_from_file_location("observe_script", PLACE)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def own(running_lab: Settings) -> Settings:
    return load_settings(**{**running_lab.model_dump(), "collection": "observe-counts"})


@pytest.fixture(scope="module")
def run(own: Settings, script_module: ModuleType, wait_until) -> Iterator[tuple]:
    """The script after its run, the samples of the scrape then, and the engine's lines about it."""
    httpx.post(f"{own.ollama_host}/api/generate", json={"model": own.chat_model, "keep_alive": 0}, trust_env=False, timeout=60)
    opener = script_module.Opener()
    with serving(create_app(own, opener)) as served:
        script = script_module.Script(served.url, opener)
        script.run()
        wait_until(lambda: read(script.scrape()).get(("rag_queries_total", "cancelled")) == 1, "the API to notice who left", 60)
        opener.go.set()
        generated = ("rag_query_duration_seconds_count", "generate", "cancelled")
        wait_until(lambda: read(script.scrape()).get(generated) == 1, "the pipeline to end its work", 60)
        before = dict(script.requests)
        samples = read(script.scrape())
    script.requests.clear()
    script.requests.update(before)
    yield script, samples, script_module.lines(own.lab_home / "logs" / "ollama.log")


def read(text: str) -> Samples:
    """Counters, and the counts and sums of histograms, by name and label values in the order of label names."""
    families = [family for family in text_string_to_metric_families(text) if family.name.startswith("rag_")]
    return {
        (sample.name, *(value for _, value in sorted(sample.labels.items()))): sample.value
        for family in families
        if family.type in ("counter", "histogram")
        for sample in family.samples
        if not sample.name.endswith("_bucket")
    }


def counted(samples: Samples, *names: str) -> Samples:
    """The samples of these names that are not 0."""
    return {key: value for key, value in samples.items() if key[0] in names and value}


def test_requests(run):
    script, samples, _ = run
    expected = {("rag_http_requests_total", method, route, status): n for (route, method, status), n in script.requests.items()}
    assert counted(samples, "rag_http_requests_total") == expected


def test_durations_of_requests(run):
    script, samples, _ = run
    expected: Samples = {}
    for (route, method, _), number in script.requests.items():
        key = ("rag_http_request_seconds_count", method, route)
        expected[key] = expected.get(key, 0) + number
    assert counted(samples, "rag_http_request_seconds_count") == expected


def test_questions(run):
    script, samples, _ = run
    made = len(script.answers)
    assert counted(samples, "rag_queries_total") == {
        ("rag_queries_total", "success"): made,
        ("rag_queries_total", "invalid"): 3,
        ("rag_queries_total", "cancelled"): 1,
    }


def test_stages(run):
    script, samples, _ = run
    made, name = len(script.answers), "rag_query_duration_seconds_count"
    assert counted(samples, name) == {
        (name, "total", "success"): made,
        (name, "total", "invalid"): 3,
        (name, "total", "cancelled"): 1,
        (name, "retrieve", "success"): made + 1,
        (name, "retrieve", "invalid"): 3,
        (name, "generate", "success"): len(script.written),
        (name, "generate", "cancelled"): 1,
        (name, "ground", "success"): made + 1,
    }


def test_passages(run):
    script, samples, _ = run
    assert samples["rag_search_results_count",] == len(script.passages)
    assert samples["rag_search_results_sum",] == sum(script.passages)


def test_answers_by_state(run):
    script, samples, _ = run
    states = [one["state"] for one in script.answers]
    assert counted(samples, "rag_answers_total") == {("rag_answers_total", state): states.count(state) for state in set(states)}
    assert "refused" in states


def test_sentences(run):
    script, samples, _ = run
    supported = [one for trace in script.opener.traces for one in trace.supported]
    assert samples["rag_sentences_total", "supported"] == sum(supported)
    assert samples["rag_sentences_total", "unsupported"] == len(supported) - sum(supported)
    assert supported


def test_tokens_are_those_of_the_server(run):
    script, samples, _ = run
    drafts = script.opener.drafts
    assert samples["rag_llm_tokens_total", "prompt"] == sum(draft.prompt_tokens for draft in drafts) > 0
    assert samples["rag_llm_tokens_total", "completion"] == sum(draft.written_tokens for draft in drafts) > 0


def test_first_words_and_speed(run):
    script, samples, _ = run
    assert samples["rag_time_to_first_token_seconds_count",] == len(script.written) + 1
    assert samples["rag_generated_tokens_per_second_count",] == len(script.written)


def test_the_model_was_loaded_once(run):
    assert run[1]["rag_model_load_seconds_count",] == 1


@pytest.mark.parametrize(("kind", "path"), [("chat", "/api/chat"), ("embed", "/api/embed")])
def test_calls_of_models_are_those_in_the_engines_log(run, kind, path):
    _, samples, lines = run
    ends = [line.split() for line in lines if f"POST {path} " in line]
    statuses = [words[words.index("POST") - 2] for words in ends]
    left = statuses.count("499")
    expected = {("rag_llm_calls_total", kind, "success"): len(statuses) - left, ("rag_llm_calls_total", kind, "cancelled"): left}
    found = {key: value for key, value in counted(samples, "rag_llm_calls_total").items() if key[1] == kind}
    assert found == {key: value for key, value in expected.items() if value}
    assert left == (kind == "chat")


def test_ingests(run):
    _, samples, _ = run
    names = ("rag_ingest_documents_total", "rag_ingest_seconds_count", "rag_ingest_chunks_total")
    assert counted(samples, *names) == {
        ("rag_ingest_documents_total", "added"): 2,
        ("rag_ingest_documents_total", "unchanged"): 1,
        ("rag_ingest_seconds_count", "success"): 3,
        ("rag_ingest_chunks_total",): 2,
    }


def test_the_cache(run):
    script, samples, _ = run
    made, events = len(script.answers), {key[1:]: value for key, value in counted(samples, "rag_cache_events_total").items()}
    assert events["hit", "memory"] == script.hits >= 2
    # without an answer: two with a wrong filter, one of a collection that nobody made, and one that left
    assert events["miss", "all"] + events["bypassed", "all"] == made + 4
    assert set(events) <= {("hit", "memory"), *((event, "all") for event in ("miss", "bypassed", "computed", "stored", "not_kept"))}


def test_nothing_else_was_counted(run):
    *_, samples, _ = run
    others = {key: value for key, value in samples.items() if value and not key[0].endswith("_sum")}
    known = ("http_request", "quer", "search_results", "answers", "sentences", "llm", "first_token", "generated", "load", "ingest", "cache")
    assert {key: value for key, value in others.items() if not any(word in key[0] for word in known)} == {}

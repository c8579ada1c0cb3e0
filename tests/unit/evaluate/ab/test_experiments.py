import pytest

from lab.errors import InputError, MissingError, SettingError
from lab.evaluate.ab.experiments import CHUNKING, CHUNKS, RERANKING, changed, create, rails, reranking
from lab.evaluate.ab.guard import guard
from lab.evaluate.ab.service import ABTestedRAGService
from lab.evaluate.ab.simulate import question_of, simulate
from lab.evaluate.questions import Question
from lab.settings import load_settings

SETTINGS = load_settings()
QUESTIONS = [Question(f"q{number}", "en", f"Question {number}?", "x", (("x",),), "a.md", "A") for number in range(9)]


class Broken:
    """A pipeline whose search fails, each time otherwise."""

    def __init__(self, error: Exception):
        self.error = error
        self.settings = SETTINGS
        self.retriever = self

    def run(self, *_: object) -> None:
        raise self.error


@pytest.fixture
def service(manager):
    return ABTestedRAGService(SETTINGS, manager, users=10)


def test_both_experiments_have_the_variants_and_ratios_of_the_lesson(manager):
    create(manager, SETTINGS, users=10)
    found = {name: {one.name: one.traffic_ratio for one in manager.experiment(name).variants} for name in (CHUNKING, RERANKING)}
    assert found[CHUNKING] == {"fixed_500": 0.5, "fixed_1000": 0.5}
    assert found[RERANKING] == {"no_rerank": 0.33, "cross_encoder_stand_in": 0.33, "mmr": 0.34}


def test_each_experiment_guards_the_time_that_its_variants_cost(manager):
    create(manager, SETTINGS, users=10)
    guarded = {name: [one.metric for one in manager.experiment(name).plan.guardrails] for name in (CHUNKING, RERANKING)}
    assert guarded == {CHUNKING: ["failed", "search_ms"], RERANKING: ["failed", "total_ms"]}


@pytest.mark.parametrize(("users", "state"), [(72, "unclear"), (73, "holds"), (76, "holds")])
def test_without_failures_the_planned_users_are_enough_for_the_guardrail(users, state):
    failed = rails(CHUNKING)[0]
    assert guard(failed, ("old", [0.0] * users), ("new", [0.0] * users), alpha=0.05).state == state


def test_a_real_reranker_takes_the_place_of_the_stand_in():
    variants = reranking(load_settings(rerank_url="http://127.0.0.1:9"))
    assert variants[1].name == "cross_encoder"
    assert changed(load_settings(rerank_url="http://127.0.0.1:9"), variants[1].config).rerank == "endpoint"


@pytest.mark.parametrize(("config", "error"), [({"reranker": "colbert"}, InputError), ({"rerank": "colbert"}, SettingError)])
def test_what_is_not_built_is_refused(config, error):
    with pytest.raises(error, match=r"(?i)rerank"):
        changed(SETTINGS, config)


def test_each_chunk_size_has_a_collection_of_its_own(service):
    opened = {name: service.pipeline(name, "mmr").settings for name in CHUNKS}
    assert {one.collection for one in opened.values()} == {f"{SETTINGS.collection}-{name}" for name in CHUNKS}
    assert [(one.chunk_size, one.chunk_overlap, one.splitter) for one in opened.values()] == [
        (500, 50, "characters"),
        (1000, 100, "characters"),
    ]
    assert {one.diversity for one in opened.values()} == {0.3}


def test_an_unknown_variant_has_no_pipeline(service):
    with pytest.raises(MissingError):
        service.pipeline("fixed_500", "colbert")


def test_a_failed_search_is_recorded_in_both_experiments(service, monkeypatch):
    monkeypatch.setattr(service, "_of", lambda variants: Broken(TimeoutError()))
    with pytest.raises(TimeoutError):
        service.search("user_1", QUESTIONS[0])
    failed = [service.manager.report(name).failed for name in (CHUNKING, RERANKING)]
    assert [sum(one.values()) for one in failed] == [1, 1]


def test_simulated_users_go_on_after_a_failure_and_are_not_asked_twice(service, monkeypatch):
    monkeypatch.setattr(service, "_of", lambda variants: Broken(InputError("No passage.")))
    users = [f"user_{number}" for number in range(20)]
    assert simulate(service, users[:12], QUESTIONS) == 12
    assert simulate(service, users, QUESTIONS) == 8
    assert sum(service.manager.report(CHUNKING).users.values()) == 20


def test_a_service_of_an_older_version_records_into_that_version(service, manager, monkeypatch):
    ABTestedRAGService(SETTINGS, manager, users=20, version=2)
    monkeypatch.setattr(service, "_of", lambda variants: Broken(InputError("No passage.")))
    assert simulate(service, ["user_1"], QUESTIONS) == 1
    assert [sum(manager.report(one).users.values()) for one in (*service.experiments, CHUNKING, RERANKING)] == [1, 1, 0, 0]
    assert simulate(service, ["user_1"], QUESTIONS) == 0


def test_a_mistake_in_the_program_stops_the_simulation(service, monkeypatch):
    monkeypatch.setattr(service, "_of", lambda variants: Broken(ZeroDivisionError()))
    with pytest.raises(ZeroDivisionError):
        simulate(service, ["user_1"], QUESTIONS)


def test_users_ask_different_questions_and_each_user_the_same():
    asked = [question_of(f"user_{number}", QUESTIONS).id for number in range(60)]
    assert len(set(asked)) == len(QUESTIONS)
    assert asked == [question_of(f"user_{number}", QUESTIONS).id for number in range(60)]

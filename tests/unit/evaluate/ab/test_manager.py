import math

import pytest

from lab.errors import InputError, MissingError
from lab.evaluate.ab import ABTestManager, ExperimentVariant, Plan


def test_a_variant_is_assigned_with_its_config(manager, halves):
    manager.create_experiment("e", halves)
    variants = {manager.assign_variant("e", f"user_{number}").name for number in range(50)}
    assert variants == {"old", "new"}


def test_the_same_definition_twice_changes_nothing(manager, halves):
    manager.create_experiment("e", halves)
    assert manager.create_experiment("e", halves).version == 1


@pytest.mark.parametrize("ratio", [0.8, 0.501])
def test_another_definition_needs_another_version(manager, halves, ratio):
    manager.create_experiment("e", halves)
    changed = [ExperimentVariant("old", {}, ratio), ExperimentVariant("new", {"top_k": 8}, round(1 - ratio, 3))]
    with pytest.raises(InputError, match="defined otherwise") as error:
        manager.create_experiment("e", changed)
    assert "version=2" in error.value.hint
    assert manager.create_experiment("e", changed, version=2).version == 2


def test_a_changed_plan_is_another_definition(manager, halves):
    manager.create_experiment("e", halves, plan=Plan("mrr", 100))
    with pytest.raises(InputError):
        manager.create_experiment("e", halves, plan=Plan("mrr", 200))


def test_versions_keep_their_results_apart(manager, halves):
    manager.create_experiment("e", halves)
    manager.record_result("e", "old", "mrr", 1.0)
    manager.create_experiment("e", halves, version=2)
    assert manager.analyze_results("e", "mrr") == {}


def test_an_experiment_of_an_older_version_stays_the_one_that_is_recorded_into(manager, halves):
    first = manager.create_experiment("e", halves)
    manager.create_experiment("e", halves, version=2)
    with manager.observe("user_1", first) as seen:
        seen.record({"mrr": 1.0})
    manager.record_result(first, manager.assign_variant(first, "user_2"), "mrr", 1.0, "user_2")
    assert (sum(manager.report(first).users.values()), sum(manager.report("e").users.values())) == (2, 0)
    assert (bool(manager.analyze_results(first, "mrr")), manager.analyze_results("e", "mrr")) == (True, {})


def test_analysis_describes_each_variant(manager, halves):
    manager.create_experiment("e", halves)
    for value in (1, 2, 3, 4):
        manager.record_result("e", halves[0], "mrr", value)
    found = manager.analyze_results("e", "mrr")
    assert {name: found["old"][name] for name in ("mean", "count", "min", "max")} == {"mean": 2.5, "count": 4, "min": 1, "max": 4}
    assert found["old"]["std"] == pytest.approx(1.291, abs=1e-3)  # n - 1; with n it would be 1.118
    assert (found["new"]["count"], found["new"]["mean"]) == (0, None)


def test_nothing_recorded_gives_an_empty_result(manager, halves):
    manager.create_experiment("e", halves)
    assert manager.analyze_results("e", "mrr") == {}
    assert manager.report("e").figures == {}


@pytest.mark.parametrize("call", ["assign_variant", "analyze_results"])
def test_an_unknown_experiment_is_named_with_the_known(manager, halves, call):
    with pytest.raises(MissingError, match="no experiment x"):
        getattr(manager, call)("x", "y")
    manager.create_experiment("e", halves)
    with pytest.raises(MissingError) as error:
        getattr(manager, call)("x", "y")
    assert error.value.hint == "There are: e."


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_what_cannot_be_averaged_is_refused(manager, halves, value):
    manager.create_experiment("e", halves)
    with pytest.raises(InputError, match="mrr is"):
        manager.record_result("e", "old", "mrr", value)


def test_a_result_of_the_other_group_is_refused(manager, halves):
    manager.create_experiment("e", halves)
    other = {"old": "new", "new": "old"}[manager.assign_variant("e", "user_1").name]
    with pytest.raises(InputError, match="user_1 belongs to"):
        manager.record_result("e", other, "mrr", 1.0, "user_1")
    with pytest.raises(MissingError, match="no variant"):
        manager.record_result("e", "third", "mrr", 1.0)


def test_a_user_counts_once_in_each_experiment(manager, halves):
    manager.create_experiment("e", halves)
    manager.create_experiment("f", halves)
    for _ in range(3):
        manager.assign_variant("e", "user_1")
        manager.assign_variant("f", "user_1")
    assert [sum(manager.report(name).users.values()) for name in "ef"] == [1, 1]


def test_one_question_counts_in_all_experiments_of_its_user(manager, halves):
    manager.create_experiment("e", halves)
    manager.create_experiment("f", halves)
    with manager.observe("user_1", "e", "f") as seen:
        seen.record({"hit@3": 1.0, "search_ms": 12.5})
    for name in "ef":
        mine = manager.analyze_results(name, "search_ms")[seen.variants[name].name]
        assert (mine["count"], mine["p50"]) == (1, 12.5)


def test_a_failure_is_recorded_and_raised(manager, halves):
    manager.create_experiment("e", halves)
    with pytest.raises(TimeoutError), manager.observe("user_1", "e") as seen:
        seen.record({"search_ms": 1.0})
        raise TimeoutError
    mine = seen.variants["e"].name
    assert manager.report("e").failed[mine] == 1
    assert manager.analyze_results("e", "failed")[mine]["mean"] == 1
    assert manager.analyze_results("e", "search_ms") == {}


def test_a_failed_question_is_no_hit(manager, halves):
    manager.create_experiment("e", halves)
    with manager.observe("user_1", "e") as seen:
        seen.record({"hit@3": 1.0})
    with pytest.raises(OSError), manager.observe("user_1", "e"):
        raise OSError
    assert manager.analyze_results("e", "hit@3")[seen.variants["e"].name]["mean"] == 0.5


def test_ten_questions_of_one_user_are_one_value(manager, halves):
    manager.create_experiment("e", halves)
    for value in (1, 0) * 5:
        with manager.observe("user_1", "e") as seen:
            seen.record({"hit@3": float(value)})
    mine = manager.analyze_results("e", "hit@3")[seen.variants["e"].name]
    assert (mine["count"], mine["mean"]) == (1, 0.5)


def test_a_look_is_over_when_the_next_user_comes(manager, halves):
    manager.create_experiment("e", halves, plan=Plan("mrr", 6))
    found = []
    for users, value in ((7, 1.0), (6, 0.0)):
        for number in range(users):
            with manager.observe(f"user_{number}", "e") as seen:
                seen.record({"mrr": value})
        found.append(manager.report("e").figures)
    assert found[0]["mrr"]["new"]["mean"] == 1
    assert found[1] == found[0]


def test_results_survive_the_manager(manager, halves):
    manager.create_experiment("e", halves)
    manager.record_result("e", "old", "mrr", 1.0)
    again = ABTestManager(manager.store.file)
    assert again.analyze_results("e", "mrr")["old"]["count"] == 1


def test_a_file_that_is_no_database_is_named(tmp_path, halves):
    file = tmp_path / "results"
    file.write_text("no database" * 100)
    with pytest.raises(InputError, match="cannot be used"):
        ABTestManager(file).create_experiment("e", halves)


def test_a_folder_that_cannot_be_made_is_told(tmp_path, halves):
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="cannot be used"):
        ABTestManager(tmp_path / "file" / "results").create_experiment("e", halves)

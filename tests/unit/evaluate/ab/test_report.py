import numpy as np
import pytest

from lab.evaluate.ab import ExperimentVariant, Guardrail, Plan
from lab.evaluate.ab.report import make_report
from lab.evaluate.ab.store import Result


def results(exposed, metric, rates, seed=0):
    rng = np.random.default_rng(seed)
    return [Result(one.variant, one.user, metric, float(rng.random() < rates[one.variant]), at=one.at + 0.5) for one in exposed]


def exact(exposed, shares):
    """Hits of these shares of each variant's users, spread evenly over the time."""
    groups = {name: [one for one in exposed if one.variant == name] for name in shares}
    return [
        Result(name, one.user, "hit@3", float(int((place + 1) * shares[name]) > int(place * shares[name])), at=one.at)
        for name, group in groups.items()
        for place, one in enumerate(group)
    ]


THREE = [ExperimentVariant(name, {}, ratio) for name, ratio in (("old", 0.33), ("new", 0.33), ("other", 0.34))]


def test_before_the_first_look_nothing_is_compared(simulated):
    exposed, experiment = simulated(199, Plan("hit@3", 200))
    report = make_report(experiment, exposed, results(exposed, "hit@3", {"old": 0.1, "new": 0.9}))
    assert (report.look, report.comparisons, report.figures, report.verdict.choice) == (0, [], {}, "")
    assert "Too early" in str(report)


def test_a_clear_difference_is_decided(simulated):
    exposed, experiment = simulated(200, Plan("hit@3", 200))
    report = make_report(experiment, exposed, results(exposed, "hit@3", {"old": 0.5, "new": 0.9}))
    assert (report.verdict.choice, report.verdict.final) == ("new", True)
    assert report.comparisons[0]["p_adjusted"] < 0.001


def test_no_difference_stays_with_the_baseline(simulated):
    exposed, experiment = simulated(200, Plan("hit@3", 200))
    report = make_report(experiment, exposed, results(exposed, "hit@3", {"old": 0.8, "new": 0.8}, seed=3))
    assert report.verdict.choice == "old"
    assert "may be chance" in str(report)


def test_users_after_the_last_look_change_nothing(simulated):
    exposed, experiment = simulated(1000, Plan("hit@3", 200))
    rows = results(exposed[:200], "hit@3", {"old": 0.5, "new": 0.9})
    later = results(exposed[200:], "hit@3", {"old": 1.0, "new": 0.0})
    assert make_report(experiment, exposed, rows + later).figures == make_report(experiment, exposed[:200], rows).figures


def test_later_questions_of_its_users_do_not_change_an_earlier_look(simulated):
    exposed, experiment = simulated(300, Plan("hit@3", 600, looks=3))
    rows = results(exposed, "hit@3", {"old": 0.80, "new": 0.84})
    again = [Result(one.variant, one.user, "hit@3", float(one.variant == "new"), at=250) for one in exposed[:200]]
    before, after = (make_report(experiment, exposed, found) for found in (rows, rows + again))
    assert before.look == 1
    assert before == after


def test_an_answer_that_comes_late_counts_in_the_next_look(simulated):
    exposed, experiment = simulated(400, Plan("hit@3", 400, looks=2))
    rows = [one._replace(at=300) if one.user == "user_7" else one for one in results(exposed, "hit@3", {"old": 0.5, "new": 0.5})]
    assert sum(make_report(experiment, exposed[:399], rows).waiting.values()) == 1
    assert sum(make_report(experiment, exposed, rows).waiting.values()) == 0


def test_a_lost_group_stops_the_decision(simulated):
    exposed, experiment = simulated(400, Plan("hit@3", 300))
    kept = [one for number, one in enumerate(exposed) if one.variant == "old" or number % 4 == 0]
    plan = Plan("hit@3", len(kept))
    experiment = type(experiment)(experiment.name, experiment.variants, plan=plan)
    report = make_report(experiment, kept, results(kept, "hit@3", {"old": 0.5, "new": 0.9}))
    assert report.verdict.choice == ""
    assert "lost or doubled users" in str(report)


@pytest.mark.parametrize(("slower", "choice"), [(1.0, "new"), (2.0, "old")])
def test_a_guardrail_decides_too(simulated, slower, choice):
    exposed, experiment = simulated(400, Plan("hit@3", 400, guardrails=(Guardrail("search_ms", 0.2),)))
    rng = np.random.default_rng(5)
    factor = {"old": 1.0, "new": slower}
    times = [Result(one.variant, one.user, "search_ms", float(rng.lognormal(3, 0.2)) * factor[one.variant]) for one in exposed]
    report = make_report(experiment, exposed, results(exposed, "hit@3", {"old": 0.5, "new": 0.9}) + times)
    assert (report.verdict.choice, report.guards[0]["state"]) == (choice, "holds" if choice == "new" else "broken")


def test_a_guardrail_without_values_does_not_hold(simulated):
    exposed, experiment = simulated(200, Plan("hit@3", 200, guardrails=(Guardrail("search_ms", 0.2),)))
    report = make_report(experiment, exposed, results(exposed, "hit@3", {"old": 0.5, "new": 0.9}))
    assert (report.verdict.choice, report.guards[0]["state"]) == ("old", "unclear")


@pytest.mark.parametrize("looks", [1, 2])
def test_a_figure_that_nobody_recorded_decides_nothing(simulated, looks):
    exposed, experiment = simulated(200, Plan("hit@9", 200, looks))
    report = make_report(experiment, exposed, results(exposed, "hit@3", {"old": 0.5, "new": 0.9}))
    assert (report.verdict.choice, report.verdict.final) == ("", False)
    assert "hit@9 was recorded for fewer than two users" in str(report)


def test_without_a_plan_nothing_is_decided(simulated):
    exposed, experiment = simulated(200, Plan())
    report = make_report(experiment, exposed, results(exposed, "hit@3", {"old": 0.1, "new": 0.9}))
    assert report.verdict.choice == ""
    assert "no number of users" in str(report)


def test_an_overwhelming_difference_stops_at_an_early_look(simulated):
    exposed, experiment = simulated(600, Plan("hit@3", 600, looks=3))
    rows = results(exposed, "hit@3", {"old": 0.3, "new": 0.95})
    report = make_report(experiment, exposed, rows)
    assert (report.look, report.verdict.choice) == (1, "new")


def test_a_modest_difference_goes_on_to_the_next_look(simulated):
    exposed, experiment = simulated(250, Plan("hit@3", 600, looks=3))
    report = make_report(experiment, exposed, results(exposed, "hit@3", {"old": 0.80, "new": 0.84}))
    assert (report.look, report.verdict.final) == (1, False)
    assert "next look needs 400" in str(report)


@pytest.mark.parametrize(("users", "variants"), [(200, None), (300, THREE)])
def test_a_p_of_a_hundredth_at_the_first_of_three_looks_decides_nothing(simulated, users, variants):
    exposed, experiment = simulated(users, Plan("hit@3", 3 * users, looks=3), variants)
    report = make_report(experiment, exposed, exact(exposed, {"old": 0.5, "new": 0.68, "other": 0.5}))
    assert 0.004 < report.comparisons[0]["p_value"] < 0.02
    assert (report.look, report.verdict.final) == (1, False)


@pytest.mark.parametrize(("users", "variants", "choice"), [(400, None, "new"), (600, THREE, "old")])
def test_at_the_last_look_three_variants_pay_for_two_comparisons(simulated, users, variants, choice):
    exposed, experiment = simulated(users, Plan("hit@3", users, looks=3), variants)
    report = make_report(experiment, exposed, exact(exposed, {"old": 0.5, "new": 0.61, "other": 0.5}))
    assert 0.024 < report.comparisons[0]["p_value"] < 0.043
    assert (report.look, report.verdict.choice) == (3, choice)


def test_three_variants_pay_for_two_comparisons(simulated):
    exposed, experiment = simulated(600, Plan("hit@3", 600), THREE)
    report = make_report(experiment, exposed, results(exposed, "hit@3", {"old": 0.5, "new": 0.55, "other": 0.9}))
    assert report.verdict.choice == "other"
    assert all(one["p_adjusted"] >= one["p_value"] for one in report.comparisons)


def test_users_without_a_value_are_counted(simulated):
    exposed, experiment = simulated(200, Plan("hit@3", 200))
    report = make_report(experiment, exposed, results(exposed[:150], "hit@3", {"old": 0.5, "new": 0.5}))
    assert sum(report.waiting.values()) == 50

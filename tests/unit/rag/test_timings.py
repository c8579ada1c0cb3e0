import time

from lab.rag.timings import Clock


def spend(seconds: float) -> None:
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        pass


def test_a_stage_inside_another_is_taken_out_of_it():
    clock = Clock()
    with clock.stage("ground"):
        with clock.stage("embed"):
            spend(0.02)
        spend(0.005)
    times = clock.read()
    assert times["embed"] >= 20
    assert 5 <= times["ground"] < 20


def test_stages_add_up_to_no_more_than_the_total():
    clock = Clock()
    for name in ("embed", "search", "generate", "ground"):
        with clock.stage(name):
            spend(0.001)
    times = clock.read()
    assert sum(value for name, value in times.items() if name != "total") <= times["total"] + 0.05


def test_a_stage_that_fails_is_counted():
    clock = Clock()
    try:
        with clock.stage("search"):
            spend(0.002)
            raise ValueError
    except ValueError:
        pass
    assert clock.read()["search"] >= 2

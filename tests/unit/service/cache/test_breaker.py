"""A failing service is left alone, and tried again by one request."""

from lab.service.cache.breaker import Breaker


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def opened(clock: Clock) -> Breaker:
    breaker = Breaker(failures=3, rest=2, clock=clock)
    for _ in range(3):
        assert breaker.allows()
        breaker.failed()
    return breaker


def test_three_failures_in_a_row_stop_the_questions() -> None:
    breaker = opened(Clock())
    assert (breaker.state, breaker.allows()) == ("open", False)


def test_a_success_in_between_begins_the_count_anew() -> None:
    breaker = Breaker(failures=2)
    breaker.failed()
    breaker.succeeded()
    breaker.failed()
    assert breaker.state == "closed"


def test_after_the_rest_one_request_tries_and_the_others_do_not_wait_for_it() -> None:
    clock = Clock()
    breaker = opened(clock)
    clock.now = 2.5
    assert [breaker.allows() for _ in range(3)] == [True, False, False]
    assert breaker.state == "half-open"


def test_the_trial_decides() -> None:
    clock = Clock()
    breaker = opened(clock)
    clock.now = 2.5
    assert breaker.allows()
    breaker.failed()
    assert breaker.state == "open"
    clock.now = 5
    assert breaker.allows()
    breaker.succeeded()
    assert breaker.state == "closed"


def test_a_trial_that_was_broken_off_leaves_room_for_another() -> None:
    clock = Clock()
    breaker = opened(clock)
    clock.now = 2.5
    assert breaker.allows()
    breaker.broke_off()
    assert breaker.allows()

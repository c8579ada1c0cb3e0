import threading

import pytest

from lab.rag.ahead import Ahead, Behind


def test_items_come_in_order():
    with Ahead(range(50), 3) as ahead:
        assert list(ahead) == list(range(50))


def test_no_more_is_made_than_there_is_room_for():
    made = []

    def items():
        for number in range(100):
            made.append(number)
            yield number

    with Ahead(items(), 3) as ahead:
        taken = iter(ahead)
        for place in range(20):
            assert next(taken) == place
            assert len(made) <= place + 6  # three wait, one is handed over, one is being put, one is taken


def test_an_error_comes_after_the_items_before_it():
    def items():
        yield 1
        raise KeyError("gone")

    with Ahead(items(), 3) as ahead:
        taken = iter(ahead)
        assert next(taken) == 1
        with pytest.raises(KeyError):
            next(taken)


def test_the_thread_ends_when_nobody_reads_on():
    before = threading.active_count()
    with Ahead(iter(int, 1), 3) as ahead:
        next(iter(ahead))
    assert threading.active_count() == before


def test_everything_that_was_given_is_worked_off_at_the_end():
    done = []
    with Behind(done.extend, 2) as behind:
        for number in range(30):
            behind.give([number])
    assert done == list(range(30))


def test_what_waits_is_worked_off_at_once():
    open_now, calls = threading.Event(), []

    def work(items):
        open_now.wait(10)
        calls.append(items)

    with Behind(work, 8) as behind:
        for number in range(6):
            behind.give([number])
        open_now.set()
    assert len(calls) <= 3
    assert [one for call in calls for one in call] == list(range(6))


def test_an_error_of_the_work_is_raised_where_more_is_given():
    def fail(items):
        raise ConnectionError("gone")

    with pytest.raises(ConnectionError), Behind(fail, 1) as behind:
        for number in range(100):
            behind.give([number])


def test_after_an_error_outside_nothing_more_is_worked_off():
    begun, go_on, done = threading.Event(), threading.Event(), []

    def work(items):
        begun.set()
        go_on.wait(10)
        done.extend(items)

    with pytest.raises(KeyboardInterrupt), Behind(work, 4) as behind:
        behind.give([1])
        begun.wait(10)
        behind.give([2])
        behind._dropped.set()
        go_on.set()
        raise KeyboardInterrupt
    assert done == [1]

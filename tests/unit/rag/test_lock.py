from threading import Event, Thread

import pytest

from lab.errors import ServiceError, SettingError
from lab.rag.lock import only_writer


def test_a_second_writer_says_that_it_waits_and_then_gets_its_turn(settings):
    order, waiting = [], Event()

    def second():
        with only_writer(settings, waiting.set):
            order.append("second")

    with only_writer(settings, lambda: None):
        thread = Thread(target=second)
        thread.start()
        assert waiting.wait(10)
        order.append("first")
    thread.join(10)
    assert order == ["first", "second"]


def test_waiting_ends_with_an_error_that_names_the_collection(changed):
    settings = changed(request_timeout=0.2)
    told = f"Another ingest of the collection {settings.collection}"
    with only_writer(settings, lambda: None), pytest.raises(ServiceError, match=told), only_writer(settings, lambda: None):
        pytest.fail("two writers at once")


def test_writers_of_two_collections_do_not_wait(settings, changed):
    with only_writer(settings, lambda: None), only_writer(changed(collection="other"), lambda: pytest.fail("waited")):
        pass


def test_the_lock_ends_with_an_error(settings):
    with pytest.raises(ZeroDivisionError), only_writer(settings, lambda: None):
        raise ZeroDivisionError
    with only_writer(settings, lambda: pytest.fail("waited")):
        pass


def test_two_ingests_at_once_leave_what_one_leaves(make_rag, folder):
    rags = [make_rag(), make_rag()]
    threads = [Thread(target=rag.ingest, args=(folder,)) for rag in rags]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert rags[0].store.collection().count() == 4
    assert rags[1].ingest(folder).unchanged == 3


def test_a_state_folder_that_cannot_be_written_names_the_setting(changed, tmp_path):
    (tmp_path / "file").write_text("")
    told = pytest.raises(SettingError, match="cannot be written")
    with told as error, only_writer(changed(lab_home=tmp_path / "file"), lambda: None):
        pytest.fail("entered without a lock")
    assert "LAB_HOME" in error.value.hint

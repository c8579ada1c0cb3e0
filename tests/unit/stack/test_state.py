"""The state file: whole or not at all, private, and one writer at a time."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lab.errors import LabError, SettingError
from lab.settings import load_settings
from lab.stack.process import Record
from lab.stack.state import State, locked, read_state, write_state

RECORD = Record(pid=12, created=3.5, started_at=4.5, fingerprint="ab")


def test_what_is_written_is_read_back(tmp_path):
    state = State({"jupyter_token": "x"}, "because", {"chroma": RECORD}, corpus="c0ffee")
    write_state(tmp_path, state)
    assert read_state(tmp_path) == state


def test_only_the_owner_may_read_the_token(tmp_path):
    write_state(tmp_path, State({"jupyter_token": "x"}))
    assert (tmp_path / "lab.json").stat().st_mode & 0o777 == 0o600


def test_nothing_else_is_left_beside_the_file(tmp_path):
    write_state(tmp_path, State())
    assert [path.name for path in tmp_path.iterdir()] == ["lab.json"]


def test_a_missing_file_is_an_empty_state(tmp_path):
    assert read_state(tmp_path) == State()


@given(cut=st.integers(0, 200), extra=st.sampled_from(["", "}", "[]", "\x00"]))
def test_a_half_written_file_is_reported_and_never_raises(tmp_path_factory, cut, extra):
    home = tmp_path_factory.mktemp("home")
    write_state(home, State({"jupyter_token": "x"}, "because", {"chroma": RECORD}))
    whole = (home / "lab.json").read_text()
    (home / "lab.json").write_text(whole[:cut] + extra)
    assert read_state(home).damaged


@pytest.mark.parametrize(
    "content", ["[]", "null", '{"settings": []}', '{"settings": {}, "reason": "", "corpus": "", "services": {"a": {}}}']
)
def test_json_of_another_shape_counts_as_damaged(tmp_path, content):
    (tmp_path / "lab.json").write_text(content)
    assert read_state(tmp_path).damaged


def test_forgetting_the_choices_keeps_the_token():
    state = State({"jupyter_token": "x", "chroma_port": 1}, "because")
    state.forget_choices()
    assert (state.settings, state.reason) == ({"jupyter_token": "x"}, "")


def test_settings_read_the_choices_of_a_running_lab(tmp_path, monkeypatch):
    monkeypatch.setenv("LAB_HOME", str(tmp_path))
    monkeypatch.delenv("CHROMA_PORT", raising=False)
    write_state(tmp_path, State({"chroma_port": 4321}))
    assert load_settings().chroma_port == 4321


def test_a_second_writer_is_told_who_is_at_work(tmp_path):
    with locked(tmp_path), pytest.raises(LabError, match=r"at work on .* \(process \d+\)"), locked(tmp_path):
        pass


def test_the_lock_is_free_again_after_a_failure(tmp_path):
    with pytest.raises(ZeroDivisionError), locked(tmp_path):
        raise ZeroDivisionError
    with locked(tmp_path):
        pass


def test_a_state_folder_that_cannot_be_made_names_the_setting(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(SettingError) as error, locked(tmp_path / "file" / "home"):
        pass
    assert "LAB_HOME" in error.value.hint


def test_the_file_holds_only_what_lab_settings_and_the_starter_read(tmp_path):
    write_state(tmp_path, State())
    assert set(json.loads((tmp_path / "lab.json").read_text())) == {"settings", "reason", "services", "corpus", "place"}

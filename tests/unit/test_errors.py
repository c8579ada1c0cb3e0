"""An error says what happened and what to do next."""

import pytest

from lab.errors import InputError, LabError, ModelError, ServiceError, SettingError


def test_the_text_holds_both_sentences():
    assert str(LabError("The disk is full.", "make clean")) == "The disk is full.\nhint: make clean"


def test_without_a_next_action_only_the_fact_is_said():
    assert str(LabError("The disk is full.")) == "The disk is full."


@pytest.mark.parametrize("kind", [InputError, ModelError, ServiceError, SettingError])
def test_every_kind_can_be_caught_as_one(kind):
    with pytest.raises(LabError):
        raise kind("what", "hint")

import pytest

from lab.errors import SettingError
from lab.rag.prompt import OWN, SLOTS, prompt


@pytest.mark.parametrize("name", SLOTS)
def test_each_prompt_can_be_filled(settings, name):
    values = {slot: f"<{slot}>" for slot in SLOTS[name]}
    (message,) = prompt(settings, name).format_messages(**values)
    assert all(value in message.content for value in values.values())


def test_every_file_is_a_known_prompt():
    assert {file.stem for file in OWN.glob("*.txt")} == set(SLOTS)


def test_a_prompt_of_the_reader_is_used_instead(changed, tmp_path):
    (tmp_path / "answer.txt").write_text("Q: {question} T: {context}")
    settings = changed(prompts=str(tmp_path))
    assert prompt(settings, "answer").format_messages(context="c", question="q")[0].content == "Q: q T: c"
    assert "{question}" not in prompt(settings, "hyde").format_messages(question="q")[0].content


def test_an_edited_prompt_is_used_at_once(changed, tmp_path):
    settings = changed(prompts=str(tmp_path))
    for text in ("{question} and {context}", "{context}, then {question}"):
        (tmp_path / "answer.txt").write_text(text)
        assert prompt(settings, "answer").format_messages(context="c", question="q")[0].content == text.format(context="c", question="q")


def test_a_prompts_folder_that_is_not_there_is_refused(changed, tmp_path):
    with pytest.raises(SettingError, match=r"PROMPTS names .*nowhere, which is no folder"):
        prompt(changed(prompts=str(tmp_path / "nowhere")), "answer")


@pytest.mark.parametrize("text", ["{question}", "{question} {context} {more}", "no slots"])
def test_other_slots_are_refused(changed, tmp_path, text):
    (tmp_path / "answer.txt").write_text(text)
    with pytest.raises(SettingError, match=r"other slots than \{context\} and \{question\}"):
        prompt(changed(prompts=str(tmp_path)), "answer")


@pytest.mark.parametrize("content", [b"{question", b"\xff\xfe\xff", b"{question} {context} {}"])
def test_a_file_that_cannot_be_filled_is_refused(changed, tmp_path, content):
    (tmp_path / "answer.txt").write_bytes(content)
    with pytest.raises(SettingError, match=r"answer\.txt"):
        prompt(changed(prompts=str(tmp_path)), "answer")

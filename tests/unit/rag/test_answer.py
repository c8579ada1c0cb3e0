import re

import pytest

from lab.rag.answer import Answer, Citation, IngestReport, Problem, Sentence
from lab.rag.html import BOX, NOTE

SCRIPT = "<script>alert(1)</script>"


def answer(**values) -> Answer:
    sentences = [Sentence("Port 8000.", 1, 0.9), Sentence("Made up.", None, 0.1)]
    citations = [Citation(1, "ports.md", "Ports", "Chroma listens on port 8000.")]
    return Answer(
        **{
            "question": "Port?",
            "answer": "Port 8000. Made up.",
            "state": "grounded",
            "sentences": sentences,
            "citations": citations,
            **values,
        }
    )


def test_text_marks_what_is_supported_and_what_is_not():
    assert str(answer()).splitlines()[0] == "Port 8000. [1] Made up. (not supported by the sources)"


def test_text_says_the_state_and_the_sources():
    assert str(answer()).splitlines()[1:] == ["(grounded: the sources support it)", "[1] ports.md, Ports"]


def test_notes_are_shown():
    assert "note: The prompt was cut." in str(answer(notes=["The prompt was cut."]))


def test_json_has_the_promised_keys():
    data = answer().to_dict()
    assert {"answer", "state", "sentences", "citations", "timings"} <= set(data)
    assert data["sentences"][0] == {"text": "Port 8000.", "citation": 1, "support": 0.9}
    assert set(data["citations"][0]) == {"number", "document", "section", "text"}


@pytest.mark.parametrize("field", ["question", "answer", "notes", "sentences", "citations"])
def test_html_is_escaped(field):
    one = {
        "question": SCRIPT,
        "answer": SCRIPT,
        "notes": [SCRIPT],
        "sentences": [Sentence(SCRIPT, None, 0)],
        "citations": [Citation(1, SCRIPT, SCRIPT, SCRIPT)],
    }[field]
    shown = answer(**{"sentences": [], field: one})._repr_html_()
    assert "<script" not in shown
    assert "&lt;script" in shown


def test_html_says_in_words_what_is_not_supported():
    assert "Made up. (not supported by the sources)" in answer()._repr_html_()


def test_html_names_its_regions_and_lists_its_sources():
    shown = answer()._repr_html_()
    assert 'role="group" aria-label="Answer"' in shown
    assert re.search(r'<ul aria-label="Sources".*<li>\[1\] ports.md, Ports', shown)


def luminance(colour: str) -> float:
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("style", [BOX, NOTE])
def test_html_text_has_enough_contrast_on_white(style):
    colour = re.search(r"(?<![-\w])color:(#[0-9a-f]{6})", style)[1]
    assert 1.05 / (luminance(colour) + 0.05) >= 4.5


def test_a_report_names_each_problem_and_what_to_do():
    report = IngestReport(documents=2, chunks=5, added=2, problems=[Problem("a.md", "It is empty.", "Delete it.")], notes=["cut"])
    assert "2 documents in 5 chunks: 2 added" in str(report)
    assert "problem: a.md: It is empty. Delete it." in str(report)
    assert "note: cut" in str(report)


def test_html_shows_names_as_code_and_keeps_them_escaped():
    shown = answer(sentences=[Sentence("Models lie in `/root/<x>`.", 1, 1.0)])._repr_html_()
    assert ">/root/&lt;x&gt;</code>" in shown
    assert "`" not in shown

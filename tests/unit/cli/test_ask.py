"""lab ask: what documents hold is shown, and no terminal obeys it."""

import pytest
from typer.testing import CliRunner

from lab.cli import ask
from lab.cli.app import app
from lab.rag.answer import Answer, Citation, Sentence

ODD = "Models are\x1b]0;owned\x07 kept.\x9b2J\r"
SHOWN = "Models are]0;owned kept.2J"


class FakeRag:
    """Answers with a sentence that holds orders to a terminal."""

    def stream(self, question, where):
        yield ODD
        yield self.ask(question, where)

    def ask(self, question, where):
        return Answer(question, ODD, "quoted", [Sentence(ODD, 1, 1.0)], [Citation(1, "a.md", "A", ODD)], {"total": 5.0})


@pytest.mark.parametrize("options", [[], ["--stream"]])
def test_control_characters_of_a_document_do_not_reach_the_terminal(monkeypatch, options):
    monkeypatch.setattr(ask, "_open", FakeRag)
    monkeypatch.setattr(ask, "require_index", lambda settings: None)
    done = CliRunner().invoke(app, ["ask", "Are models kept?", *options])
    assert SHOWN in done.output
    assert not {"\x1b", "\x07", "\x9b", "\r"} & set(done.output)

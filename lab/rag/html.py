"""An answer as HTML for notebooks: readable by screen readers, without colour, in light and dark themes."""

import re
from html import escape

from lab.rag.answer import STATES, Answer, Citation, Sentence, place

# Contrast on white: text 16:1, note 5.9:1. Own background, so that a dark theme does not swallow them.
BOX = "border:1px solid #57606a;border-radius:6px;padding:.6em .9em;background:#fff;color:#1f2328;max-width:50em"
NOTE = "color:#6a4a00"
PASSAGE = "white-space:pre-wrap;word-break:normal;overflow-wrap:anywhere;background:#fff;color:#1f2328"


def answer_html(answer: Answer) -> str:
    """The answer, its state in words, its sources and its notes. All text is escaped."""
    body = " ".join(map(_sentence, answer.sentences)) or escape(answer.answer)
    notes = "".join(f'<p style="{NOTE}">Note: {escape(note)}</p>' for note in answer.notes)
    return (
        f'<div role="group" aria-label="Answer" style="{BOX}">'
        f"<p><strong>{escape(answer.question)}</strong></p><p>{body}</p>"
        f"<p><em>{escape(STATES[answer.state])}</em></p>{_sources(answer.citations)}{notes}</div>"
    )


def _sentence(sentence: Sentence) -> str:
    if sentence.citation:
        return f"<span>{_text(sentence.text)} [{sentence.citation}]</span>"
    return f'<span style="{NOTE};text-decoration:underline dotted">{_text(sentence.text)} (not supported by the sources)</span>'


def _text(markdown: str) -> str:
    """Escaped text, with what stands between backticks shown as code."""
    return re.sub(r"`([^`]+)`", r'<code style="background:#fff;color:inherit">\1</code>', escape(markdown))


def _sources(citations: list[Citation]) -> str:
    items = "".join(
        f"<li>[{c.number}] {escape(place(c))}<details><summary>Show the passage of source {c.number}</summary>"
        f'<pre style="{PASSAGE}">{escape(c.text)}</pre></details></li>'
        for c in citations
    )
    return f'<p>Sources</p><ul aria-label="Sources" style="list-style:none;padding-left:0">{items}</ul>' if items else ""

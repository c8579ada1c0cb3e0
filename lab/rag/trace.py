"""What happened to a question on its way to the passages: each stage with its order, scores and time."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from html import escape
from typing import TYPE_CHECKING

from lab.rag.retrieve import Hit, Ranking

if TYPE_CHECKING:
    from lab.rag.answer import Answer

SHOWN = 10  # places of each order
STYLE = "border:1px solid #57606a;padding:.2em .6em;text-align:left;background:#fff;color:#1f2328"


@dataclass
class Step:
    """One stage: what it did, and the order of chunks that it gave."""

    name: str
    about: str = ""
    order: Ranking = field(default_factory=list)
    milliseconds: float = 0.0


@dataclass
class Trace:
    """All stages of one question. `places` says where each chunk stands."""

    question: str
    steps: list[Step] = field(default_factory=list)
    places: dict[str, str] = field(default_factory=dict)
    chunks: int = 0  # of the collection
    model: str = ""  # the chat model, where it was asked
    prompt: str = ""
    prompt_tokens: int = 0
    written_tokens: int = 0
    supported: list[bool] = field(default_factory=list)  # of each sentence that the chat model wrote
    answer: "Answer | None" = None

    @property
    def tokens(self) -> dict[str, int]:
        """What the chat model read and wrote; nothing when it was not asked."""
        return {"prompt": self.prompt_tokens, "completion": self.written_tokens} if self.prompt_tokens else {}

    def add(self, name: str, about: str = "", order: Ranking | None = None, milliseconds: float = 0.0) -> None:
        """Note a stage."""
        self.steps.append(Step(name, about, order or [], round(milliseconds, 2)))

    def see(self, hits: Sequence[Hit]) -> None:
        """Note where chunks stand."""
        self.places |= {hit.id: f"{hit.source}, {hit.headed}" for hit in hits}

    def unseen(self) -> list[str]:
        """Chunks that are shown and whose place is not known yet."""
        shown = (chunk for step in self.steps for chunk, _ in step.order[:SHOWN])
        return [chunk for chunk in dict.fromkeys(shown) if chunk not in self.places]

    def to_dict(self) -> dict[str, object]:
        """Plain data, for `--json`."""
        steps = [
            {
                "name": step.name,
                "about": step.about,
                "milliseconds": step.milliseconds,
                "order": [{"place": place, "chunk": chunk[:12], "score": score, "where": where} for place, chunk, score, where in rows],
            }
            for step, rows in self._tables()
        ]
        return {"question": self.question, "steps": steps, "prompt": self.prompt, "prompt_tokens": self.prompt_tokens}

    def _tables(self) -> Iterator[tuple[Step, list[tuple[int, str, float, str]]]]:
        for step in self.steps:
            shown = enumerate(step.order[:SHOWN], start=1)
            yield step, [(place, chunk, round(score, 4), self.places.get(chunk, chunk)) for place, (chunk, score) in shown]

    def __str__(self) -> str:
        lines = [f"question: {self.question}"]
        for step, rows in self._tables():
            lines.append(f"\n{_title(step)}")
            lines += [f"  {place:2}. {score:8.4f}  {where}" for place, _, score, where in rows]
            more = len(step.order) - SHOWN
            lines += [f"      and {more} more"] if more > 0 else []
        lines += [f"\nprompt ({self.prompt_tokens} tokens):\n{self.prompt}"] if self.prompt else []
        return "\n".join([*lines, *([f"\n{self.answer}"] if self.answer else [])])

    __repr__ = __str__

    def _repr_html_(self) -> str:
        parts = [f"<p><strong>{escape(self.question)}</strong></p>", *(_html(step, rows) for step, rows in self._tables())]
        if self.prompt:
            parts.append(f"<details><summary>Prompt: {self.prompt_tokens} tokens</summary><pre>{escape(self.prompt)}</pre></details>")
        return "\n".join(parts) + (self.answer._repr_html_() if self.answer else "")


def _title(step: Step) -> str:
    return f"{step.name}{f': {step.about}' if step.about else ''} ({step.milliseconds:g} ms)"


def _html(step: Step, rows: list[tuple[int, str, float, str]]) -> str:
    """A stage as a table that a screen reader can name."""
    head = "".join(f'<th scope="col" style="{STYLE}">{name}</th>' for name in ("place", "score", "chunk"))
    body = "".join(
        f'<tr><td style="{STYLE}">{place}</td><td style="{STYLE}">{score:.4f}</td><td style="{STYLE}">{escape(where)}</td></tr>'
        for place, _, score, where in rows
    )
    table = f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody>" if rows else ""
    caption = f'<caption style="text-align:left"><strong>{escape(_title(step))}</strong></caption>'
    return f'<table style="border-collapse:collapse;margin:.5em 0">{caption}{table}</table>'
